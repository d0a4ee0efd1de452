/* What estuary-join prints. */
#ifndef CLIENT_REPORT_H
#define CLIENT_REPORT_H

#include "client/check.h"
#include "client/network_state.h"

/* In plain words, or as one JSON object. */
int report_status(const struct network_state *state, bool json) NODISCARD;
int report_check(const struct network_state *state,
    const struct check_report *report, bool json) NODISCARD;

#endif

/* What estuary-join prints. */
#ifndef CLIENT_REPORT_H
#define CLIENT_REPORT_H

#include "client/changes.h"
#include "client/check.h"
#include "client/network_state.h"

/* In plain words, or as one JSON object. */
int report_status(const struct network_state *state, bool json) NODISCARD;
int report_check(const struct network_state *state,
    const struct check_report *report, bool json) NODISCARD;

/* One line about the endpoint's own certificate, which is there. */
int report_own(const struct enrolled *enrolled) NODISCARD;

/* A refresh that fetched nothing, and what could not be asked. */
int report_kept(const struct network_state *state,
    const struct check_report *report) NODISCARD;
/* A refresh that fetched; state is what was there before. */
int report_changes(
    const struct network_state *state, const struct changes *changes) NODISCARD;

#endif

/* BRSKI (RFC 8995): devices ask for their vouchers, and tell how they fare. */
#ifndef SERVER_BRSKI_H
#define SERVER_BRSKI_H

#include "server/request.h"

void brski_requestvoucher(struct request *request);
void brski_voucher_status(struct request *request);
void brski_enrollstatus(struct request *request);

#endif

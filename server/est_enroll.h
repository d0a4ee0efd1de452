/* Enrollment over EST (RFC 7030 4.2, 4.5). */
#ifndef SERVER_EST_ENROLL_H
#define SERVER_EST_ENROLL_H

#include "server/request.h"

void est_simpleenroll(struct request *request);
void est_simpleenroll_label(struct request *request);
void est_simplereenroll(struct request *request);
void est_simplereenroll_label(struct request *request);
void est_csrattrs(struct request *request);
void est_csrattrs_label(struct request *request);

#endif

/* A pledge's connection to a registrar, provisional or verified. */
#ifndef CLIENT_PLEDGE_LINK_H
#define CLIENT_PLEDGE_LINK_H

#include "client/est_fetch.h"
#include "client/judge.h"
#include "client/pledge_identity.h"

struct pledge_link_params {
	const struct sockaddr_storage *address;
	/* NULL: provisional, any certificate is accepted and remembered
	 * [RFC8995 5.1]; then nothing but a voucher request and its telemetry
	 * may be sent. */
	const struct est_judge *judge;
	/* For a provisional connection in place of one before: the certificate
	 * that the server had (RFC 8995 5.6). NULL: the first one. */
	const struct blob *same_cert;
	const struct cert_list *chain; /* ours, leaf first */
	struct bytes key;              /* PEM */
	int64_t silent_s;              /* say nothing so long, and give up */
};

struct pledge_link {
	struct est_session *session; /* NULL: not connected */
	struct tls_binding binding;
	struct cert_list chain; /* the server's, leaf first; it stays when the
				   connection goes */
};

/* TLS_CLIENT_JUDGED with the reason, or an error as tls_client_connect()'s. */
int pledge_link_open(struct pledge_link *link,
    const struct pledge_link_params *params, struct reason *why) NODISCARD;
void pledge_link_close(struct pledge_link *link);
void pledge_link_fini(struct pledge_link *link);

#endif

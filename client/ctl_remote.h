/*
 * An estuaryd elsewhere: its URL, the token, and how the server is known before
 * the token is sent. The token names the SHA-256 of the appliance's root
 * certificate; the server sends that root along.
 */
#ifndef CLIENT_CTL_REMOTE_H
#define CLIENT_CTL_REMOTE_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/buf.h"
#include "client/ctl.h"

struct ctl_remote;

/* Why the server was refused: "" if it was not. */
struct ctl_verdict {
	const uint8_t *root_sha256;
	struct reason why;
};

/* url is https://HOST[:PORT]; the token is read from a file that nobody else
 * may read. Returns an exit status after saying what is wrong. */
int ctl_remote_open(struct ctl_remote **out, const char *url,
    const char *token_file, bool system_trust) NODISCARD;
void ctl_remote_close(struct ctl_remote *remote);

/* Without a slash at its end. */
const char *ctl_remote_url(const struct ctl_remote *remote);
/* The Authorization header. */
const char *ctl_remote_header(const struct ctl_remote *remote);
/* Makes curl judge the server within the handshake; verdict must outlive the
 * transfer. */
int ctl_remote_prepare(const struct ctl_remote *remote, CURL *curl,
    struct ctl_verdict *verdict) NODISCARD;
/* Says why nothing was transferred; returns an exit status. */
int ctl_remote_failed(const struct ctl_remote *remote,
    const struct ctl_verdict *verdict, CURLcode code);

/* The judgement alone, a tls_judge_fn; arg is a struct ctl_verdict. The chain
 * must hold the certificate with that hash, validate to it at the present time,
 * and begin with one of id-kp-cmcRA, which the CA gives to the appliance alone
 * ([RFC7030 3.6.1]); so the URL may have any name or address of it. */
int ctl_remote_judge(void *arg, const struct bytes *chain, size_t n,
    struct reason *why) NODISCARD;

#endif

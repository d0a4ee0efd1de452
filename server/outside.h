/*
 * What estuaryd's keeper (base/keeper.h) does outside of the sandbox: it starts
 * the signer, reads the files that an administrator replaces while estuaryd
 * runs, replaces server.pem, and removes admin.sock. It finds out by itself
 * where these files are, from the configuration: nothing that estuaryd says to
 * it names one.
 */
#ifndef SERVER_OUTSIDE_H
#define SERVER_OUTSIDE_H

#include <stdint.h>

#include "base/buf.h"
#include "server/app.h"

enum outside_file {
	OUTSIDE_CONFIG, /* estuary.conf; the others' places are read anew */
	OUTSIDE_CERT,   /* server.cert */
	OUTSIDE_KEY,    /* server.key */
	OUTSIDE_PEM,    /* server.pem */
};

/* Starts the keeper. Before any thread and any network, with the configuration
 * and the state's paths. */
int outside_start(
    struct app *app, const char *signer_argument, struct reason *why) NODISCARD;

/* Opens the file for reading. Without a keeper it is opened here, by path. */
int outside_open(int *fd, struct app *app, enum outside_file which,
    const char *path, struct reason *why) NODISCARD;
int outside_put_pem(
    struct app *app, struct bytes pem, struct reason *why) NODISCARD;
void outside_remove_socket(struct app *app);

#endif

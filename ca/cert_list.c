#include <string.h>

#include "ca/cert.h"
#include "ca/openssl_util.h"
#include "ca/pem.h"

static const char pem_label[] = "CERTIFICATE";

int
cert_to_pem(struct buf *out, struct bytes der)
{
	return pem_add(out, pem_label, der);
}

static int
add_block(
    struct cert_list *list, const struct pem_block *block, struct reason *why)
{
	struct blob der CLEANUP(blob_fini) = {0};
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err;

	if (pem_decode(&der, block) != 0)
		return reason_set(
		    why, -ERR_INVALID, "certificate's base64 is malformed");
	err = x509_parse(&cert, blob_bytes(&der), why);
	if (err != 0)
		return err;
	err = cert_list_add(list, blob_bytes(&der));
	if (err == -ERR_TOO_LARGE)
		reason_set(
		    why, err, "more than %d certificates", CERT_LIST_MAX);
	return err;
}

int
cert_list_from_pem(struct cert_list *out, struct bytes pem, struct reason *why)
{
	struct cert_list list CLEANUP(cert_list_fini) = {0};
	struct pem_block block;
	int err;

	while ((err = pem_next(&block, &pem)) == 0) {
		if (strcmp(block.label, pem_label) != 0)
			continue;
		err = add_block(&list, &block, why);
		if (err != 0)
			return err;
	}
	if (err < 0)
		return reason_set(
		    why, err, "PEM block is cut off or malformed");
	if (list.n == 0)
		return reason_set(
		    why, -ERR_INVALID, "no certificate in the PEM text");
	*out = list;
	list.n = 0;
	return 0;
}

int
cert_list_add(struct cert_list *list, struct bytes der)
{
	int err;

	if (list->n >= CERT_LIST_MAX)
		return -ERR_TOO_LARGE;
	err = blob_copy(&list->items[list->n], der);
	if (err == 0)
		list->n++;
	return err;
}

void
cert_list_fini(struct cert_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		blob_fini(&list->items[i]);
	list->n = 0;
}

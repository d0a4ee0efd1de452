#include "registrar/domain_signer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "registrar/internal.h"
#include "voucher/audit_log.h"

static int
join_pem(struct buf *out, struct bytes chain_pem, struct bytes root)
{
	int err = buf_add(out, chain_pem.data, chain_pem.len);

	/* A file may end without a line's end. */
	if (err == 0)
		err = buf_adds(out, "\n");
	return err == 0 ? cert_to_pem(out, root) : err;
}

int
domain_signer_new(struct domain_signer **out, struct bytes chain_pem,
    struct bytes key_pem, struct bytes root, struct reason *why)
{
	struct domain_signer *signer = calloc(1, sizeof(*signer));
	struct buf pem = {0};
	struct bytes all;
	int err = signer != NULL ? join_pem(&pem, chain_pem, root) : -ERR_NOMEM;

	all = (struct bytes){(const uint8_t *)pem.data, pem.len};
	if (err == 0)
		err = cert_list_from_pem(&signer->chain, all, why);
	if (err == 0)
		err = voucher_signer_new(&signer->signer, all, key_pem, why);
	/* The chain's file may hold the key too. */
	if (pem.data != NULL)
		explicit_bzero(pem.data, pem.len);
	buf_fini(&pem);
	if (err == 0) {
		signer->refs = 1;
		*out = STEAL(signer);
	} else if (signer != NULL) {
		cert_list_fini(&signer->chain);
		free(signer);
	}
	return err;
}

struct domain_signer *
domain_signer_ref(struct domain_signer *signer)
{
	if (signer != NULL)
		__atomic_add_fetch(&signer->refs, 1, __ATOMIC_RELAXED);
	return signer;
}

void
domain_signer_unref(struct domain_signer *signer)
{
	if (signer == NULL ||
	    __atomic_sub_fetch(&signer->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	voucher_signer_free(signer->signer);
	cert_list_fini(&signer->chain);
	free(signer);
}

bool
domain_signer_has_cert(const struct domain_signer *signer, struct bytes der)
{
	for (size_t i = 0; i < signer->chain.n; i++)
		if (bytes_equal(blob_bytes(&signer->chain.items[i]), der))
			return true;
	return false;
}

bool
domain_signer_has_key(
    const struct domain_signer *signer, const uint8_t spki_sha256[32])
{
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));

	for (size_t i = 0; info != NULL && i < signer->chain.n; i++)
		if (cert_parse(
			info, blob_bytes(&signer->chain.items[i]), NULL) == 0 &&
		    memcmp(info->spki_sha256, spki_sha256, 32) == 0)
			return true;
	return false;
}

bool
domain_signer_has_id(
    const struct domain_signer *signer, const uint8_t *id, size_t len)
{
	for (size_t i = 0; i < signer->chain.n; i++) {
		uint8_t own[DOMAIN_ID_MAX];
		size_t own_len = 0;

		if (domain_id_of(own, &own_len,
			blob_bytes(&signer->chain.items[i])) == 0 &&
		    own_len == len && memcmp(own, id, len) == 0)
			return true;
	}
	return false;
}

void
registrar_set_domain_signer(
    struct registrar *registrar, struct domain_signer *signer)
{
	struct domain_signer *old;

	domain_signer_ref(signer);
	pthread_mutex_lock(&registrar->signer_mutex);
	old = registrar->domain_signer;
	registrar->domain_signer = signer;
	pthread_mutex_unlock(&registrar->signer_mutex);
	domain_signer_unref(old);
}

struct domain_signer *
registrar_domain_signer(struct registrar *registrar)
{
	struct domain_signer *signer;

	pthread_mutex_lock(&registrar->signer_mutex);
	signer = domain_signer_ref(registrar->domain_signer);
	pthread_mutex_unlock(&registrar->signer_mutex);
	return signer;
}

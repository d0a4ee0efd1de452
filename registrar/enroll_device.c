#include "registrar/enroll_device.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/device.h"
#include "registrar/name_policy.h"

/* --- who --- */

struct seen {
	const struct pledge *pledge;
	int64_t identity_id;
	struct reason *why;
};

static int
look_at_device(void *arg, const struct device *device)
{
	struct seen *seen = arg;

	if (strcmp(device->state, "refused") == 0)
		return reason_set(seen->why, -ERR_REFUSED,
		    "the device is refused: %.200s", device->verdict);
	if (strcmp(device->state, "seen") == 0 || device->identity_id == 0)
		return reason_set(seen->why, -ERR_REFUSED,
		    "RFC 8995 5.9: the device has no voucher of this registrar "
		    "yet");
	if (memcmp(device->idevid_sha256, seen->pledge->idevid.sha256, 32) != 0)
		return reason_set(seen->why, -ERR_REFUSED,
		    "RFC 8995 5.9: the device asked for its voucher with "
		    "another IDevID");
	seen->identity_id = device->identity_id;
	return 0;
}

int
requester_from_pledge(struct requester *out, struct store_reader *reader,
    const struct pledge *pledge, struct reason *why)
{
	struct seen seen = {.pledge = pledge, .why = why};
	int err;

	if (pledge->maker == NULL)
		return -ERR_PERMISSION;
	if (pledge->result != 0) {
		*why = pledge->why;
		return -ERR_REFUSED;
	}
	if (strcmp(pledge->maker->row.policy, "refuse") == 0)
		return reason_set(why, -ERR_REFUSED,
		    "devices of the manufacturer %.80s are refused here",
		    pledge->maker->row.name);
	err = device_find(reader, pledge->maker->row.id, pledge->serial_number,
	    look_at_device, &seen);
	if (err == -ERR_NOT_FOUND)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.9: the device has not asked for a voucher");
	return err != 0 ? err
			: requester_load(out, reader, seen.identity_id,
			      REQUESTER_IDEVID, why);
}

/* --- what --- */

struct subject {
	struct enroll *enroll;
	const struct csr *csr;
};

/* A manufacturer's idea of a common name is no claim on a name of ours. */
static bool
is_harmless(const char *cn)
{
	return strchr(cn, '.') == NULL && strchr(cn, ':') == NULL &&
	       strlen(cn) <= COMMON_NAME_MAX;
}

static bool
may_have_common_name(const struct enroll *enroll, const struct csr *csr,
    const struct cert_info *idevid, const char *serial_number)
{
	const char *cn = csr_common_name(csr);

	return cn[0] == '\0' || strcmp(cn, serial_number) == 0 ||
	       strcmp(cn, enroll->who.identity) == 0 ||
	       strcmp(cn, idevid->common_name) == 0;
}

static int
check_subject(const struct enroll *enroll, const struct csr *csr,
    const struct device *device, struct reason *why)
{
	AUTOFREE struct cert_info *idevid = calloc(1, sizeof(*idevid));
	const char *number = csr_serial_number(csr);
	char quoted[160];

	if (idevid == NULL)
		return -ERR_NOMEM;
	if (csr_subject_is_of(csr, device->idevid))
		return 0;
	if (csr_subject_is_odd(csr))
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.9.3: the request's subject must be empty, the "
		    "IDevID's, or a serialNumber and a common name");
	if (number[0] != '\0' && strcmp(number, device->serial_number) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.9.3: the request asks for the serialNumber %s, "
		    "which is not the device's",
		    log_quote(quoted, sizeof(quoted), number));
	if (cert_parse(idevid, device->idevid, NULL) != 0 ||
	    !may_have_common_name(enroll, csr, idevid, device->serial_number))
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.9.3: the request asks for the common name %s, "
		    "which is not the device's",
		    log_quote(quoted, sizeof(quoted), csr_common_name(csr)));
	return 0;
}

static int
check_names(const struct csr *csr, const char *patterns, struct reason *why)
{
	const struct names *names = csr_names(csr);
	char quoted[160];

	for (size_t i = 0; i < names->n; i++)
		if (!name_is_allowed(&names->items[i], patterns))
			return reason_set(why, -ERR_REFUSED,
			    "the request asks for the name %s, which is not "
			    "among those allowed to this manufacturer's "
			    "devices",
			    log_quote(
				quoted, sizeof(quoted), names->items[i].text));
	return 0;
}

static int
judge(void *arg, const struct device *device)
{
	const struct subject *subject = arg;
	struct enroll *enroll = subject->enroll;
	struct signer_request *sign = &enroll->sign;
	const char *cn = csr_common_name(subject->csr);
	size_t len = strlen(device->serial_number);
	int err = check_subject(enroll, subject->csr, device, &enroll->why);

	if (err == 0)
		err = check_names(
		    subject->csr, enroll->who.allow_names, &enroll->why);
	if (err != 0)
		return err;
	if (len > SUBJECT_SERIAL_MAX)
		return reason_set(&enroll->why, -ERR_REFUSED,
		    "RFC 5280 appendix A.1: the device's serial number is too "
		    "long for a certificate's subject");
	memcpy(sign->serial_number, device->serial_number, len + 1);
	snprintf(sign->common_name, sizeof(sign->common_name), "%s",
	    is_harmless(cn) ? cn : "");
	return 0;
}

int
enroll_device_check(
    struct enroll *enroll, const struct csr *csr, struct store_reader *reader)
{
	struct subject subject = {.enroll = enroll, .csr = csr};
	int err = device_of_identity(
	    reader, enroll->who.identity_id, judge, &subject);

	return err == -ERR_NOT_FOUND ? reason_set(&enroll->why, -ERR_REFUSED,
					   "the identity's device was removed")
				     : err;
}

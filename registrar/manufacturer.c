#include "registrar/manufacturer.h"

#include <string.h>

#include "base/clock.h"
#include "registrar/glob.h"
#include "registrar/internal.h"

static struct maker_list *
current(struct registrar *registrar)
{
	struct maker_cache *cache = &registrar->makers;
	struct maker_list *list;

	pthread_mutex_lock(&cache->mutex);
	list = cache->list;
	atomic_fetch_add(&list->refs, 1);
	pthread_mutex_unlock(&cache->mutex);
	return list;
}

int
maker_find(struct maker **out, struct registrar *registrar, struct bytes idevid,
    const struct cert_list *chain, struct reason *why)
{
	struct maker_list *list = current(registrar);
	int64_t now = clock_now();
	int err = -ERR_REFUSED;

	reason_set(why, err,
	    "RFC 8995 5.3: no manufacturer is known here, so no IDevID is");
	for (size_t i = 0; i < list->n && err == -ERR_REFUSED; i++) {
		err = idevid_verify(
		    idevid, chain, &list->items[i]->anchors, now, why);
		if (err == 0)
			*out = maker_ref(list->items[i]);
	}
	if (err == -ERR_REFUSED && list->n > 1)
		reason_set(why, err,
		    "RFC 8995 5.3: the IDevID is of none of the %zu "
		    "manufacturers that are known here",
		    list->n);
	maker_list_unref(list);
	return err;
}

int
maker_by_name(struct maker **out, struct registrar *registrar, const char *name)
{
	struct maker_list *list = current(registrar);
	int err = -ERR_NOT_FOUND;

	for (size_t i = 0; i < list->n && err != 0; i++) {
		if (strcmp(list->items[i]->row.name, name) != 0)
			continue;
		*out = maker_ref(list->items[i]);
		err = 0;
	}
	maker_list_unref(list);
	return err;
}

int
maker_by_id(struct maker **out, struct registrar *registrar, int64_t id)
{
	struct maker_list *list = current(registrar);
	int err = -ERR_NOT_FOUND;

	for (size_t i = 0; i < list->n && err != 0; i++) {
		if (list->items[i]->row.id != id)
			continue;
		*out = maker_ref(list->items[i]);
		err = 0;
	}
	maker_list_unref(list);
	return err;
}

int
maker_serial(char out[IDEVID_SERIAL_MAX], const struct maker *maker,
    const struct idevid *idevid, struct reason *why)
{
	bool of_subject = strcmp(maker->row.serial_source, "subject") == 0;
	const char *text =
	    of_subject ? idevid->serial_number : idevid->hw_serial;
	size_t start = 0, len = strlen(text);

	if (len == 0)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 2.3.1: the IDevID has no serial number where "
		    "%.64s has it (%s)",
		    maker->row.name,
		    of_subject ? "serialNumber of the subject"
			       : "hardwareModuleName");
	if (maker->row.serial_pattern[0] != '\0' &&
	    glob_capture(&start, &len, maker->row.serial_pattern, text) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 2.3.1: the IDevID's serial number does not fit "
		    "the pattern of %.64s",
		    maker->row.name);
	memcpy(out, text + start, len);
	out[len] = '\0';
	return 0;
}

bool
maker_lists(const struct maker *maker, const char *serial_number)
{
	return glob_matches_line(maker->row.serials, serial_number);
}

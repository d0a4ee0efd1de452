#include "client/changes.h"

#include <string.h>

static void
add_change(struct changes *changes, enum change_kind kind,
    const struct resolver *before, const struct resolver *after)
{
	if (changes->n < CHANGES_MAX)
		changes->items[changes->n++] =
		    (struct change){kind, before, after};
}

static bool
has_cert(const struct cert_list *list, struct bytes der)
{
	for (size_t i = 0; i < list->n; i++)
		if (bytes_equal(blob_bytes(&list->items[i]), der))
			return true;
	return false;
}

static bool
is_subset(const struct cert_list *a, const struct cert_list *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!has_cert(b, blob_bytes(&a->items[i])))
			return false;
	return true;
}

static bool
same_certs(const struct cert_list *a, const struct cert_list *b)
{
	return is_subset(a, b) && is_subset(b, a);
}

static void
find_anchor(struct changes *out, const struct network_state *before,
    const struct network_state *after)
{
	if (memcmp(before->root_sha256, after->root_sha256, 32) != 0)
		add_change(out, CHANGE_ROOT, NULL, NULL);
	else if (!same_certs(&before->anchor, &after->anchor) ||
		 !same_certs(&before->intermediates, &after->intermediates))
		add_change(out, CHANGE_INTERMEDIATES, NULL, NULL);
	if (!bytes_equal(blob_bytes(&before->enrolled.cert),
		blob_bytes(&after->enrolled.cert)))
		add_change(out, CHANGE_OWN, NULL, NULL);
}

static bool
same_service(const struct resolver *a, const struct resolver *b)
{
	return resolver_is(a, b->adn, b->label);
}

/* The entry of this ADN, label and certificate, or NULL. */
static const struct resolver *
find_same(const struct resolver_set *set, const struct resolver *r)
{
	for (size_t i = 0; i < set->n; i++)
		if (same_service(&set->items[i], r) &&
		    memcmp(set->items[i].sha256, r->sha256, 32) == 0)
			return &set->items[i];
	return NULL;
}

static bool
same_place(const struct resolver *a, const struct resolver *b)
{
	if (a->port != b->port || strcmp(a->dohpath, b->dohpath) != 0 ||
	    a->n_addresses != b->n_addresses)
		return false;
	for (size_t i = 0; i < a->n_addresses; i++)
		if (!ip_equal(&a->addresses[i], &b->addresses[i]))
			return false;
	return true;
}

/* The same certificate before and after. */
static void
compare_entries(struct changes *out, const struct resolver *before,
    const struct resolver *after)
{
	if (!same_place(before, after))
		add_change(out, CHANGE_PLACE, before, after);
	if (strcmp(before->state, after->state) != 0)
		add_change(out, CHANGE_STATE, before, after);
}

/* A certificate of the same service that is new and takes no other's place yet.
 */
static const struct resolver *
find_replacement(const struct resolver *gone, const struct resolver_set *before,
    const struct resolver_set *after, bool taken[RESOLVERS_MAX])
{
	for (size_t i = 0; i < after->n; i++) {
		const struct resolver *r = &after->items[i];

		if (taken[i] || !same_service(r, gone) ||
		    find_same(before, r) != NULL)
			continue;
		taken[i] = true;
		return r;
	}
	return NULL;
}

void
changes_find(struct changes *out, const struct network_state *before,
    const struct network_state *after)
{
	const struct resolver_set *old = &before->resolvers,
				  *new = &after->resolvers;
	bool taken[RESOLVERS_MAX] = {false};

	out->n = 0;
	find_anchor(out, before, after);
	for (size_t i = 0; i < old->n; i++) {
		const struct resolver *r = &old->items[i];
		const struct resolver *same = find_same(new, r), *other;

		if (same != NULL) {
			compare_entries(out, r, same);
			continue;
		}
		other = find_replacement(r, old, new, taken);
		if (other != NULL)
			add_change(out, CHANGE_REPLACED, r, other);
		else
			add_change(out, CHANGE_REMOVED, r, r);
	}
	for (size_t i = 0; i < new->n; i++)
		if (!taken[i] && find_same(old, &new->items[i]) == NULL)
			add_change(
			    out, CHANGE_ADDED, &new->items[i], &new->items[i]);
}

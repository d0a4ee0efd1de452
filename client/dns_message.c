#include "client/dns_message.h"

#include <ldns/ldns.h>
#include <string.h>

#include "base/str.h"

#define OPTION_HEADER_LEN 4 /* RFC 6891 6.1.2 */

static void
packet_freep(ldns_pkt **packet)
{
	ldns_pkt_free(*packet);
}

static void
dname_freep(ldns_rdf **dname)
{
	ldns_rdf_deep_free(*dname);
}

int
dns_question_set(struct dns_question *out, const char *name, uint16_t type)
{
	struct dns_question question = {.type = type};
	ldns_rdf *dname CLEANUP(dname_freep) = NULL;
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || name[len - 1] == '.' || !str_is_printable(name) ||
	    strchr(name, ' ') != NULL ||
	    str_format(question.name, sizeof(question.name), "%.*s", (int)len,
		name) != 0)
		return -ERR_INVALID;
	dname = ldns_dname_new_frm_str(question.name);
	if (dname == NULL)
		return -ERR_INVALID;
	*out = question;
	return 0;
}

/* Adds a padding option so that the message, of this length before, becomes
 * whole blocks. */
static int
add_padding(ldns_pkt *packet, size_t len)
{
	static const uint8_t zeros[DNS_PADDING_BLOCK] = {0};
	ldns_edns_option_list *list = ldns_edns_option_list_new();
	size_t pad =
	    DNS_PADDING_BLOCK - (len + OPTION_HEADER_LEN) % DNS_PADDING_BLOCK;
	ldns_edns_option *option = ldns_edns_new_from_data(
	    LDNS_EDNS_PADDING, pad % DNS_PADDING_BLOCK, zeros);

	if (list == NULL || option == NULL ||
	    !ldns_edns_option_list_push(list, option)) {
		if (option != NULL)
			ldns_edns_deep_free(option);
		ldns_edns_option_list_deep_free(list);
		return -ERR_NOMEM;
	}
	ldns_pkt_set_edns_option_list(packet, list);
	return 0;
}

static int
packet_encode(struct blob *out, const ldns_pkt *packet)
{
	uint8_t *wire = NULL;
	size_t len = 0;
	int err;

	if (ldns_pkt2wire(&wire, packet, &len) != LDNS_STATUS_OK)
		return -ERR_NOMEM;
	err = blob_copy(out, (struct bytes){wire, len});
	free(wire);
	return err;
}

int
dns_query_build(
    struct blob *out, const struct dns_question *question, uint16_t id)
{
	ldns_rdf *dname = ldns_dname_new_frm_str(question->name);
	ldns_pkt *packet CLEANUP(packet_freep) = NULL;
	struct blob bare = {0};
	int err;

	if (dname == NULL)
		return -ERR_INVALID;
	/* The packet takes the name. */
	packet = ldns_pkt_query_new(
	    dname, (ldns_rr_type)question->type, LDNS_RR_CLASS_IN, LDNS_RD);
	if (packet == NULL) {
		ldns_rdf_deep_free(dname);
		return -ERR_NOMEM;
	}
	ldns_pkt_set_id(packet, id);
	ldns_pkt_set_edns_udp_size(packet, 1232);
	err = packet_encode(&bare, packet);
	if (err == 0)
		err = add_padding(packet, bare.len);
	blob_fini(&bare);
	return err != 0 ? err : packet_encode(out, packet);
}

/* RFC 1035 4.1: the reply repeats id and question. */
static int
check_reply(const ldns_pkt *packet, const struct dns_question *question,
    uint16_t id, struct reason *why)
{
	ldns_rdf *dname CLEANUP(dname_freep) =
	    ldns_dname_new_frm_str(question->name);
	const ldns_rr *asked;

	if (dname == NULL)
		return -ERR_NOMEM;
	if (!ldns_pkt_qr(packet) || ldns_pkt_id(packet) != id ||
	    ldns_pkt_get_opcode(packet) != LDNS_PACKET_QUERY)
		return reason_set(why, -ERR_INVALID,
		    "the DNS message is not a reply to the query");
	if (ldns_rr_list_rr_count(ldns_pkt_question(packet)) != 1)
		return reason_set(why, -ERR_INVALID,
		    "the DNS reply does not repeat the question");
	asked = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
	if (ldns_dname_compare(ldns_rr_owner(asked), dname) != 0 ||
	    ldns_rr_get_type(asked) != (ldns_rr_type)question->type ||
	    ldns_rr_get_class(asked) != LDNS_RR_CLASS_IN)
		return reason_set(
		    why, -ERR_INVALID, "the DNS reply is to another question");
	if (ldns_pkt_tc(packet))
		return reason_set(
		    why, -ERR_INVALID, "the DNS reply is truncated");
	return 0;
}

static void
collect_addresses(
    struct dns_answer *answer, const ldns_pkt *packet, uint16_t type)
{
	const ldns_rr_list *list = ldns_pkt_answer(packet);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);
		const ldns_rdf *data = ldns_rr_rdf(rr, 0);
		struct ip_addr *ip = &answer->addresses[answer->n_addresses];
		size_t len = type == DNS_TYPE_A ? 4 : 16;

		if (ldns_rr_get_type(rr) != (ldns_rr_type)type ||
		    data == NULL || ldns_rdf_size(data) != len ||
		    answer->n_addresses == DNS_ADDRESSES_MAX)
			continue;
		memset(ip, 0, sizeof(*ip));
		memcpy(ip->bytes, ldns_rdf_data(data), len);
		ip->len = (uint8_t)len;
		answer->n_addresses++;
	}
}

int
dns_reply_parse(struct dns_answer *out, struct bytes wire,
    const struct dns_question *question, uint16_t id, struct reason *why)
{
	ldns_pkt *packet CLEANUP(packet_freep) = NULL;
	struct dns_answer answer = {0};
	int err;

	if (wire.len > DNS_MESSAGE_MAX ||
	    ldns_wire2pkt(&packet, wire.data, wire.len) != LDNS_STATUS_OK)
		return reason_set(
		    why, -ERR_INVALID, "the reply is not a DNS message");
	err = check_reply(packet, question, id, why);
	if (err != 0)
		return err;
	answer.rcode = (int)ldns_pkt_get_rcode(packet) |
		       ldns_pkt_edns_extended_rcode(packet) << 4;
	collect_addresses(&answer, packet, question->type);
	*out = answer;
	return 0;
}

const char *
dns_type_text(uint16_t type)
{
	return type == DNS_TYPE_A ? "A" : "AAAA";
}

const char *
dns_rcode_text(int rcode)
{
	const ldns_lookup_table *entry = ldns_lookup_by_id(ldns_rcodes, rcode);

	return entry != NULL ? entry->name : "RCODE";
}

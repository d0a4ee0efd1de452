/* Counts the mDNS packets that come in on an interface, whoever they are for:
 *
 *	mdns_listen_tool INTERFACE MS
 *
 * Prints "listening", and at the end "packets N responses M". */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define MDNS_PORT 5353
#define UDP_HEADER_LEN 8
#define DNS_FLAG_RESPONSE 0x80

/* The DNS message in an IP packet to or from the mDNS port, NULL for none. */
static const uint8_t *
dns_message(const uint8_t *ip, size_t len)
{
	const uint8_t *udp;
	size_t ip_len = 40;

	if (len < 1 || (ip[0] >> 4 != 4 && ip[0] >> 4 != 6))
		return NULL;
	if (ip[0] >> 4 == 4)
		ip_len = (size_t)(ip[0] & 0xf) * 4;
	/* Up to the DNS header's flags. */
	if (len < ip_len + UDP_HEADER_LEN + 3 ||
	    ip[ip[0] >> 4 == 4 ? 9 : 6] != IPPROTO_UDP)
		return NULL;
	udp = ip + ip_len;
	if ((udp[0] << 8 | udp[1]) != MDNS_PORT &&
	    (udp[2] << 8 | udp[3]) != MDNS_PORT)
		return NULL;
	return udp + UDP_HEADER_LEN;
}

static int
open_socket(const char *interface)
{
	struct sockaddr_ll where = {
	    .sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL),
	    .sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || where.sll_ifindex == 0 ||
	    bind(fd, (const void *)&where, sizeof(where)) != 0) {
		perror(interface);
		return -1;
	}
	return fd;
}

static void
count(int fd, int64_t end_ms)
{
	unsigned int n_packets = 0, n_responses = 0;
	int64_t left_ms = end_ms - clock_monotonic_ms();

	while (left_ms > 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		struct sockaddr_ll from = {0};
		socklen_t from_len = sizeof(from);
		uint8_t packet[2048];
		const uint8_t *dns = NULL;
		ssize_t len = -1;

		if (poll(&p, 1, (int)left_ms) > 0)
			len = recvfrom(fd, packet, sizeof(packet), 0,
			    (void *)&from, &from_len);
		if (len > 0 && from.sll_pkttype != PACKET_OUTGOING)
			dns = dns_message(packet, (size_t)len);
		if (dns != NULL) {
			n_packets++;
			n_responses += (dns[2] & DNS_FLAG_RESPONSE) != 0;
		}
		left_ms = end_ms - clock_monotonic_ms();
	}
	printf("packets %u responses %u\n", n_packets, n_responses);
}

int
main(int argc, char **argv)
{
	int64_t ms;
	int fd;

	if (argc != 3 || parse_number(&ms, argv[2], 600000) != 0)
		return 2;
	fd = open_socket(argv[1]);
	if (fd < 0)
		return 1;
	printf("listening\n");
	fflush(stdout);
	count(fd, clock_monotonic_ms() + ms);
	close(fd);
	return 0;
}

/*
 * A client of two service addresses, one of each family: `probe CLIENT OBSERVER IPV4 IPV6 MILLISECONDS`.
 *
 * Every so many milliseconds it pings both addresses, which goes through the kernel's neighbour cache; and on the interface
 * OBSERVER, which has no addresses and so no cache, it asks by ARP and ND who has them, as a client would that knows nothing
 * yet. Each question has a sender address of its own, by which its answers are told from others.
 *
 * Prints one event per line: `KIND NANOSECONDS FAMILY SEQUENCE MAC`, with these kinds:
 *   p  a ping was sent            e  its echo came
 *   q  a question was sent        a  its answer came, from MAC
 *   c  MAC claimed the address to all: a gratuitous frame
 */
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/timerfd.h>

#include "frames.h"

static struct in_addr ipv4;
static struct in6_addr ipv6;
static uint16_t identity;

static void tell(char kind, int family, unsigned sequence, const uint8_t *mac) {
  printf("%c %llu %d %u", kind, (unsigned long long)now(), family, sequence);
  if (mac) printf(" %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  putchar('\n');
}

static int open_ping4(const char *interface) {
  int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP);
  must(fd, "ICMP socket");
  uint32_t blocked = ~(1u << ICMP_ECHOREPLY);
  must(setsockopt(fd, SOL_RAW, 1 /* ICMP_FILTER */, &blocked, sizeof blocked), "ICMP_FILTER");
  must(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)), interface);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = ipv4};
  must(connect(fd, (struct sockaddr *)&to, sizeof to), "connect");
  return fd;
}

static int open_ping6(const char *interface) {
  int fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMPV6);
  must(fd, "ICMPv6 socket");
  struct icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  must(setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter), "ICMP6_FILTER");
  must(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)), interface);
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = ipv6};
  must(connect(fd, (struct sockaddr *)&to, sizeof to), "connect");
  return fd;
}

/* An address that the kernel can't reach just now is one more lost ping. */
static void ping(int fd, int family, uint16_t sequence) {
  uint8_t echo[16] = {family == 4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST};
  memcpy(echo + 4, &identity, 2);
  memcpy(echo + 6, &(uint16_t){htons(sequence)}, 2);
  if (family == 4) {
    uint32_t check = sum(echo, sizeof echo, 0);
    while (check >> 16) check = (check & 0xffff) + (check >> 16);
    echo[2] = (uint8_t)(~check >> 8);
    echo[3] = (uint8_t)~check;
  }
  tell('p', family, sequence, NULL);
  if (send(fd, echo, sizeof echo, 0) < 0) return;
}

static void read_echoes(int fd, int family) {
  uint8_t packet[256];
  for (ssize_t length; (length = recv(fd, packet, sizeof packet, 0)) > 0 || (length < 0 && errno != EAGAIN);) {
    const uint8_t *echo = packet + (family == 4 ? (packet[0] & 15) * 4 : 0);
    if (length < (echo - packet) + 8 || memcmp(echo + 4, &identity, 2) != 0) continue;
    tell('e', family, (unsigned)(echo[6] << 8 | echo[7]), NULL);
  }
}

/* Questions come from 198.18.0.0/15, for benchmarks (RFC 2544), and from a prefix that nobody else has here. */
static void ask(int fd, const uint8_t mac[6], uint16_t sequence) {
  uint8_t frame[SOLICITATION_LENGTH];
  tell('q', 4, sequence, NULL);
  size_t length = arp_request(frame, mac, htonl(0xc6120000u | sequence), ipv4.s_addr);
  if (send(fd, frame, length, 0) < 0) perror("ARP request");
  struct in6_addr source = {{{0xfd, 0, 0xbe, 0x9c}}};
  memcpy(source.s6_addr + 14, &(uint16_t){htons(sequence)}, 2);
  tell('q', 6, sequence, NULL);
  length = solicitation(frame, mac, &source, &ipv6);
  if (send(fd, frame, length, 0) < 0) perror("neighbour solicitation");
}

static void read_answers(int fd, const uint8_t own[6]) {
  uint8_t frame[2048];
  for (ssize_t length; (length = recv(fd, frame, sizeof frame, 0)) > 0;) {
    int ours = memcmp(frame, own, 6) == 0;
    if (is_arp(frame, length) && memcmp(frame + 28, &ipv4, 4) == 0) {
      tell(ours ? 'a' : 'c', 4, ours ? (unsigned)(frame[40] << 8 | frame[41]) : 0, frame + 22);
    } else if (is_advertisement(frame, length) && memcmp(frame + 62, &ipv6, 16) == 0) {
      tell(ours ? 'a' : 'c', 6, ours ? (unsigned)(frame[52] << 8 | frame[53]) : 0, frame + 6);
    }
  }
}

int main(int count, char **arguments) {
  if (count != 6 || inet_pton(AF_INET, arguments[3], &ipv4) != 1 || inet_pton(AF_INET6, arguments[4], &ipv6) != 1) {
    fputs("probe CLIENT OBSERVER IPV4 IPV6 MILLISECONDS\n", stderr);
    return 2;
  }
  identity = (uint16_t)getpid();
  uint8_t mac[6];
  int ping4 = open_ping4(arguments[1]), ping6 = open_ping6(arguments[1]);
  int wire = open_frames(arguments[2], ETH_P_ALL, mac);
  int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  must(timer, "timer");
  struct timespec interval = {.tv_nsec = atol(arguments[5]) * 1000000};
  struct itimerspec times = {.it_interval = interval, .it_value = interval};
  must(timerfd_settime(timer, 0, &times, NULL), "timer");
  struct pollfd events[] = {{timer, POLLIN, 0}, {ping4, POLLIN, 0}, {ping6, POLLIN, 0}, {wire, POLLIN, 0}};
  for (uint16_t sequence = 0;;) {
    must(poll(events, 4, -1), "poll");
    read_echoes(ping4, 4);
    read_echoes(ping6, 6);
    read_answers(wire, mac);
    if (events[0].revents & POLLIN) {
      uint64_t expirations;
      if (read(timer, &expirations, sizeof expirations) < 0) continue;
      sequence++;
      ping(ping4, 4, sequence);
      ping(ping6, 6, sequence);
      ask(wire, mac, sequence);
      if (fflush(stdout) != 0) return 0;
    }
  }
}

/*
 * Answers for two service addresses, one of each family, as MetalLB's speaker does: `reference-responder INTERFACE IPV4 IPV6`.
 *
 * `+` on standard input begins it: two gratuitous ARP frames and one unsolicited advertisement at once, and again four times,
 * 1.1 s apart; requests are answered from then on. `-` ends it, without a word on the wire. Neighbour solicitations are
 * answered when they come to the group only, since the reference's socket gets no others.
 */
#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>

#include "../bench/layer2/frames.h"

#define ROUNDS 5

static const uint8_t BROADCAST[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t ALL_NODES_MAC[6] = {0x33, 0x33, 0, 0, 0, 1};
static const struct in6_addr ALL_NODES = {{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};

static struct in_addr ipv4;
static struct in6_addr ipv6;
static uint8_t mac[6];
static int wire;

static void transmit(const void *frame, size_t length) {
  if (send(wire, frame, length, 0) < 0) perror("send");
}

static void send_arp(uint8_t operation, const uint8_t to[6], const uint8_t target_mac[6], const void *target_ip) {
  uint8_t frame[ARP_LENGTH];
  arp_request(frame, mac, ipv4.s_addr, ipv4.s_addr);
  memcpy(frame, to, 6);
  frame[21] = operation;
  memcpy(frame + 32, target_mac, 6);
  memcpy(frame + 38, target_ip, 4);
  transmit(frame, sizeof frame);
}

/* A neighbour advertisement (RFC 4861 §4.4) is as long as a solicitation with the same option. */
static void send_advertisement(uint8_t flags, const uint8_t to_mac[6], const struct in6_addr *to) {
  uint8_t frame[SOLICITATION_LENGTH];
  solicitation(frame, mac, &ipv6, &ipv6);
  uint8_t *ip = frame + 14, *icmp = ip + 40;
  memcpy(frame, to_mac, 6);
  memcpy(ip + 24, to, 16);
  memset(icmp, 0, 8);
  icmp[0] = ND_NEIGHBOR_ADVERT;
  icmp[4] = flags;
  icmp[24] = ND_OPT_TARGET_LINKADDR;
  uint32_t check = sum(icmp, 32, sum(ip + 8, 32, 32 + IPPROTO_ICMPV6));
  while (check >> 16) check = (check & 0xffff) + (check >> 16);
  icmp[2] = (uint8_t)(~check >> 8);
  icmp[3] = (uint8_t)~check;
  transmit(frame, sizeof frame);
}

static void claim(void) {
  send_arp(ARPOP_REQUEST, BROADCAST, BROADCAST, &ipv4);
  send_arp(ARPOP_REPLY, BROADCAST, BROADCAST, &ipv4);
  send_advertisement(0x20 /* override */, ALL_NODES_MAC, &ALL_NODES);
}

static int is_solicitation(const uint8_t *frame, ssize_t length) {
  return length >= SOLICITATION_LENGTH && frame[0] == 0x33 && frame[12] == 0x86 && frame[13] == 0xdd &&
         frame[20] == IPPROTO_ICMPV6 && frame[21] == 255 && frame[54] == ND_NEIGHBOR_SOLICIT && frame[78] == 1;
}

static void answer(const uint8_t *frame, ssize_t length) {
  if (is_arp(frame, length) && frame[21] == ARPOP_REQUEST && memcmp(frame + 38, &ipv4, 4) == 0) {
    send_arp(ARPOP_REPLY, frame + 22, frame + 22, frame + 28);
  } else if (is_solicitation(frame, length) && memcmp(frame + 62, &ipv6, 16) == 0) {
    struct in6_addr asker;
    memcpy(&asker, frame + 22, 16);
    send_advertisement(0x40 /* solicited */, frame + 6, &asker);
  }
}

int main(int count, char **arguments) {
  if (count != 4 || inet_pton(AF_INET, arguments[2], &ipv4) != 1 || inet_pton(AF_INET6, arguments[3], &ipv6) != 1) {
    fputs("reference-responder INTERFACE IPV4 IPV6\n", stderr);
    return 2;
  }
  wire = open_frames(arguments[1], ETH_P_ALL, mac);
  int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  must(timer, "timer");
  const struct timespec step = {.tv_sec = 1, .tv_nsec = 100000000};
  const struct itimerspec begun = {.it_interval = step, .it_value = step}, never = {0};
  int owns = 0, rounds = 0;
  struct pollfd events[] = {{STDIN_FILENO, POLLIN, 0}, {wire, POLLIN, 0}, {timer, POLLIN, 0}};
  for (;;) {
    must(poll(events, 3, -1), "poll");
    if (events[0].revents) {
      char command;
      if (read(STDIN_FILENO, &command, 1) <= 0) return 0;
      if (command == '+') claim(), owns = 1, rounds = 1, must(timerfd_settime(timer, 0, &begun, NULL), "timer");
      if (command == '-') owns = 0, must(timerfd_settime(timer, 0, &never, NULL), "timer");
    }
    if (events[2].revents & POLLIN) {
      uint64_t expirations;
      if (read(timer, &expirations, sizeof expirations) < 0) continue;
      claim();
      if (++rounds == ROUNDS) must(timerfd_settime(timer, 0, &never, NULL), "timer");
    }
    uint8_t frame[2048];
    for (ssize_t length; (length = recv(wire, frame, sizeof frame, 0)) > 0;)
      if (owns) answer(frame, length);
  }
}

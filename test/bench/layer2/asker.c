/*
 * Asks who has an address: `asker INTERFACE SENDER FIRST COUNT WINDOW MILLISECONDS`.
 *
 * Picks one of the COUNT addresses from FIRST on at random for each question, by ARP or by ND as FIRST is IPv4 or IPv6, and
 * keeps WINDOW questions under way. Prints one JSON object: answers, losses, seconds; with a window of 1 also the
 * microseconds from question to answer.
 */
#define _GNU_SOURCE
#include <poll.h>

#include "frames.h"

#define BATCH 64
#define LOST_AFTER_MS 200
#define MOST_TIMES 4000000

static int family, interface;
static uint8_t mac[6];
static uint32_t first4, sender4;
static struct in6_addr first6, sender6;
static uint32_t times[MOST_TIMES];

static size_t question(uint8_t *frame, uint32_t offset) {
  if (family == AF_INET) return arp_request(frame, mac, sender4, htonl(ntohl(first4) + offset));
  struct in6_addr target = first6;
  uint32_t last;
  memcpy(&last, target.s6_addr + 12, 4);
  last = htonl(ntohl(last) + offset);
  memcpy(target.s6_addr + 12, &last, 4);
  return solicitation(frame, mac, &sender6, &target);
}

static uint32_t chance(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32);
}

static void send_questions(unsigned count, uint32_t addresses) {
  static uint8_t frames[BATCH][SOLICITATION_LENGTH];
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH];
  memset(messages, 0, sizeof messages);
  for (unsigned i = 0; i < count; i++) {
    parts[i] = (struct iovec){frames[i], question(frames[i], chance() % addresses)};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (unsigned sent = 0; sent < count;) {
    int result = sendmmsg(interface, messages + sent, count - sent, 0);
    if (result > 0) sent += (unsigned)result;
  }
}

/* How many answers came in at once. */
static unsigned receive_answers(void) {
  static uint8_t frames[BATCH][128];
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH];
  memset(messages, 0, sizeof messages);
  for (unsigned i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){frames[i], sizeof frames[i]};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int count = recvmmsg(interface, messages, BATCH, MSG_DONTWAIT, NULL);
  unsigned answers = 0;
  for (int i = 0; i < count; i++) {
    ssize_t length = messages[i].msg_len;
    int kind = family == AF_INET ? is_arp(frames[i], length) && frames[i][21] == ARPOP_REPLY
                                 : is_advertisement(frames[i], length);
    answers += kind && memcmp(frames[i], mac, 6) == 0;
  }
  return answers;
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

int main(int count, char **arguments) {
  if (count != 7) {
    fputs("asker INTERFACE SENDER FIRST COUNT WINDOW MILLISECONDS\n", stderr);
    return 2;
  }
  family = strchr(arguments[3], ':') ? AF_INET6 : AF_INET;
  void *sender = family == AF_INET ? (void *)&sender4 : (void *)&sender6;
  void *first = family == AF_INET ? (void *)&first4 : (void *)&first6;
  if (inet_pton(family, arguments[2], sender) != 1 || inet_pton(family, arguments[3], first) != 1) return 2;
  interface = open_frames(arguments[1], family == AF_INET ? ETH_P_ARP : ETH_P_IPV6, mac);
  uint32_t addresses = (uint32_t)atol(arguments[4]);
  unsigned window = (unsigned)atol(arguments[5]), underway = 0;
  uint64_t start = now(), end = start + (uint64_t)atol(arguments[6]) * 1000000u, sent = 0;
  unsigned long answered = 0, lost = 0;
  struct pollfd event = {interface, POLLIN, 0};
  while (now() < end) {
    unsigned free = window - underway;
    if (free > BATCH) free = BATCH;
    if (free > 0) {
      sent = now();
      send_questions(free, addresses);
      underway += free;
    }
    if (poll(&event, 1, LOST_AFTER_MS) == 0) {
      lost += underway;
      underway = 0;
      continue;
    }
    unsigned answers = receive_answers();
    if (answers > underway) answers = underway;
    if (window == 1 && answers == 1 && answered < MOST_TIMES) times[answered] = (uint32_t)((now() - sent) / 100);
    answered += answers;
    underway -= answers;
  }
  double seconds = (double)(now() - start) / 1e9;
  printf("{\"answered\": %lu, \"lost\": %lu, \"seconds\": %.3f", answered, lost, seconds);
  unsigned long known = answered < MOST_TIMES ? answered : MOST_TIMES;
  if (window == 1 && known > 0) {
    qsort(times, known, sizeof *times, by_size);
    printf(", \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f", times[known / 2] / 10.0, times[known * 99 / 100] / 10.0,
           times[known - 1] / 10.0);
  }
  puts("}");
}

/* ARP requests and neighbour solicitations as the benchmarks' clients send them, and what they read in the answers. */
#pragma once
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

#define ARP_LENGTH 42
#define SOLICITATION_LENGTH 86
#define ADVERTISEMENT_LENGTH 78

static void must(int result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

/* Nanoseconds of CLOCK_MONOTONIC, the clock of process.hrtime too. */
static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A packet socket on one interface, which sees what comes in; `protocol` as in <net/ethernet.h>. Fills in our MAC address. */
static int open_frames(const char *interface, int protocol, uint8_t mac[6]) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
  must(fd, "socket");
  int on = 1, room = 4 << 20;
  must(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on), "PACKET_IGNORE_OUTGOING");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  struct ifreq request = {0};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
  must(ioctl(fd, SIOCGIFHWADDR, &request), interface);
  memcpy(mac, request.ifr_hwaddr.sa_data, 6);
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};
  address.sll_ifindex = (int)if_nametoindex(interface);
  must(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
  return fd;
}

/* An ARP request (RFC 826) that says it comes from `sender`. Returns its length. */
static size_t arp_request(uint8_t *frame, const uint8_t mac[6], uint32_t sender, uint32_t target) {
  static const uint8_t HEADER[] = {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, ARPOP_REQUEST};
  memset(frame, 0xff, 6);
  memcpy(frame + 6, mac, 6);
  memcpy(frame + 12, HEADER, sizeof HEADER);
  memcpy(frame + 22, mac, 6);
  memcpy(frame + 28, &sender, 4);
  memset(frame + 32, 0, 6);
  memcpy(frame + 38, &target, 4);
  return ARP_LENGTH;
}

static uint32_t sum(const void *bytes, size_t length, uint32_t start) {
  const uint8_t *at = bytes;
  for (size_t i = 0; i < length; i += 2) start += (uint32_t)at[i] << 8 | at[i + 1];
  return start;
}

/* A neighbour solicitation (RFC 4861 §4.3) to the target's group. Returns its length. */
static size_t solicitation(uint8_t *frame, const uint8_t mac[6], const struct in6_addr *source,
                           const struct in6_addr *target) {
  uint8_t *ip = frame + 14, *icmp = ip + 40;
  const uint8_t *last = target->s6_addr + 13;
  memcpy(frame, (uint8_t[]){0x33, 0x33, 0xff, last[0], last[1], last[2]}, 6);
  memcpy(frame + 6, mac, 6);
  memcpy(frame + 12, (uint8_t[]){0x86, 0xdd}, 2);
  memcpy(ip, (uint8_t[]){0x60, 0, 0, 0, 0, 32, IPPROTO_ICMPV6, 255}, 8);
  memcpy(ip + 8, source, 16);
  memcpy(ip + 24, (uint8_t[]){0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, last[0], last[1], last[2]}, 16);
  memset(icmp, 0, 8);
  icmp[0] = ND_NEIGHBOR_SOLICIT;
  memcpy(icmp + 8, target, 16);
  memcpy(icmp + 24, (uint8_t[]){1, 1}, 2);
  memcpy(icmp + 26, mac, 6);
  uint32_t check = sum(icmp, 32, sum(ip + 8, 32, 32 + IPPROTO_ICMPV6));
  while (check >> 16) check = (check & 0xffff) + (check >> 16);
  icmp[2] = (uint8_t)(~check >> 8);
  icmp[3] = (uint8_t)~check;
  return SOLICITATION_LENGTH;
}

static int is_arp(const uint8_t *frame, ssize_t length) {
  return length >= ARP_LENGTH && frame[12] == 0x08 && frame[13] == 0x06;
}

static int is_advertisement(const uint8_t *frame, ssize_t length) {
  return length >= ADVERTISEMENT_LENGTH && frame[12] == 0x86 && frame[13] == 0xdd && frame[20] == IPPROTO_ICMPV6 &&
         frame[54] == ND_NEIGHBOR_ADVERT;
}

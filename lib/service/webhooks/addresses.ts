/**
 * Where webhooks may go. Whoever sends a job chooses the address that is called, so the service must not become their
 * way to what only the service can reach (server-side request forgery): neighbours in its network, this machine, the
 * address at which clouds tell machines their secrets (169.254.169.254).
 */
import ipaddr from "ipaddr.js";

/** `public`: the internet alone; `private`: this machine and private networks too. Nothing else in either case. */
export const REACHES = ["public", "private"] as const;
export type Reach = typeof REACHES[number];

/** Ranges of private networks and of the machine itself, in the words of ipaddr.js. */
const PRIVATE = ["private", "carrierGradeNat", "uniqueLocal", "loopback"];
/** All that is given out of IPv6 for the internet (IANA); what is outside of it is not there, or leads elsewhere. */
const GLOBAL_IPV6 = ipaddr.parseCIDR("2000::/3");

/**
 * Whether a webhook may go to an address. Addresses that stand for others (IPv4 in IPv6, NAT64, 6to4, Teredo) are
 * refused whatever they stand for: names of receivers lead to the others themselves.
 *
 * @param address IPv4 or IPv6, without brackets
 */
export function mayReach(address: string, reach: Reach): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address), range = parsed.range();
  if (PRIVATE.includes(range)) return reach === "private";
  return range === "unicast" && (parsed.kind() === "ipv4" || parsed.match(GLOBAL_IPV6));
}

const NEVER = ["0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/3", "[::]"];
const NEVER_IN_PUBLIC = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "[::1]",
];

/**
 * What Deno itself is to keep the courier from (`--deny-net`), should the check above have a hole. Deno looks at the
 * address that a connection goes to, IPv4 in IPv6 included; ranges of IPv6 it does not take on the command line
 * (2.9.6), so most of IPv6 rests on the check alone.
 */
export const deniedNets = (reach: Reach): readonly string[] =>
  reach === "private" ? NEVER : [...NEVER, ...NEVER_IN_PUBLIC];

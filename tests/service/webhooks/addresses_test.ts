/** Where webhooks may go: every family of addresses, by the service's own check and by Deno's. */
import assert from "node:assert/strict";
import { deniedNets, mayReach } from "../../../lib/service/webhooks/addresses.ts";

const PUBLIC = ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"];
const PRIVATE = {
  "RFC 1918": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
  loopback: ["127.0.0.1", "127.255.0.1", "::1"],
  "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
  "unique local": ["fc00::1", "fd00:ec2::254", "fdff:ffff::1"],
};
const NEVER = {
  "link-local": ["169.254.169.254", "169.254.0.1", "fe80::1", "febf::1", "fe80::1%eth0"],
  unspecified: ["0.0.0.0", "0.1.2.3", "::"],
  multicast: ["224.0.0.1", "239.255.255.250", "ff02::1"],
  "reserved and broadcast": ["192.0.0.8", "198.18.0.1", "240.0.0.1", "255.255.255.255", "100::1", "5f00::1"],
  documentation: ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
  "IPv4 in IPv6": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1", "::127.0.0.1"],
  NAT64: ["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"],
  "6to4 and Teredo": ["2002:7f00:1::", "2001:0:7f00:1::"],
  "site-local, given up": ["fec0::1"],
  "outside of what IPv6 gives to the internet": ["4000::1", "8000::1", "1::1"],
  "no address": ["", "localhost", "300.1.1.1", "[::1]"],
};

Deno.test("the internet may be reached", () => {
  for (const address of PUBLIC) {
    for (const reach of ["public", "private"] as const) assert.ok(mayReach(address, reach), address);
  }
});

for (const [family, addresses] of Object.entries(PRIVATE)) {
  Deno.test(`${family} may be reached only where private addresses may`, () => {
    for (const address of addresses) {
      assert.ok(!mayReach(address, "public"), address);
      assert.ok(mayReach(address, "private"), address);
    }
  });
}

for (const [family, addresses] of Object.entries(NEVER)) {
  Deno.test(`${family}: never to be reached`, () => {
    for (const address of addresses) {
      for (const reach of ["public", "private"] as const) assert.ok(!mayReach(address, reach), address);
    }
  });
}

/** What a process with the courier's permissions may connect to. */
async function permitted(reach: "public" | "private", addresses: readonly string[]): Promise<string[]> {
  const code = `
    const permitted = ${JSON.stringify(addresses)}.filter((address) => {
      const host = address.includes(":") ? "[" + address + "]:443" : address + ":443";
      return Deno.permissions.querySync({ name: "net", host }).state === "granted";
    });
    const named = await Deno.connect({ hostname: "localhost", port: 1 }).catch(({ name }) => name);
    console.log(JSON.stringify([...permitted, named]));`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      `--deny-net=${deniedNets(reach)}`,
      `data:text/javascript,${encodeURIComponent(code)}`,
    ],
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.notEqual(said, "", new TextDecoder().decode(stderr));
  return JSON.parse(said);
}

const IPV4 = /^[0-9.]+$/;

Deno.test("Deno keeps the courier from private IPv4 addresses too, also under a name and as IPv6", async () => {
  const families = Object.entries({ ...PRIVATE, ...NEVER }).filter(([family]) =>
    family !== "documentation" && family !== "no address"
  );
  const forbidden = [
    ...families.flatMap(([, addresses]) => addresses).filter((address) => IPV4.test(address)),
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
  ];
  assert.ok(forbidden.length > 20);
  assert.deepEqual(await permitted("public", [...forbidden, ...PUBLIC]), [...PUBLIC, "NotCapable"]);
});

Deno.test("where private addresses may be reached, Deno keeps the courier from link-local ones still", async () => {
  const [metadata, lan] = ["169.254.169.254", "192.168.1.1"];
  const [first, named] = await permitted("private", [metadata, lan]);
  assert.equal(first, lan);
  assert.notEqual(named, "NotCapable");
});

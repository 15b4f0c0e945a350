/** Certificates for tests, made anew each time: no key lies about. */
import { generateKeyPairSync } from "node:crypto";
import forge from "node-forge";

export interface Certificates {
  /** Of the authority, PEM. */
  readonly ca: string;
  /** By that authority, and its key, PEM. */
  readonly cert: string;
  readonly key: string;
}

/** An authority, and by it one certificate. @param name whose, in DNS */
export function certificatesFor(name: string): Certificates {
  const authority = keys(), own = keys();
  const ca = certify("hillmix tests", authority, "hillmix tests", authority, [
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, critical: true },
  ]);
  const cert = certify(name, own, "hillmix tests", authority, [
    { name: "subjectAltName", altNames: [{ type: DNS, value: name }] },
  ]);
  return { ca, cert, key: own.pem };
}

/** Kind of a name in a certificate (RFC 5280, 4.2.1.6). */
const DNS = 2;

function keys() {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const publicPem = publicKey.export({ type: "spki", format: "pem" }) as string;
  return { pem, private: forge.pki.privateKeyFromPem(pem), public: forge.pki.publicKeyFromPem(publicPem) };
}

type Keys = ReturnType<typeof keys>;

function certify(
  name: string,
  { public: key }: Keys,
  issuer: string,
  by: Keys,
  extensions: unknown[],
): string {
  const certificate = forge.pki.createCertificate(), hour = 3_600_000;
  certificate.publicKey = key;
  certificate.serialNumber = "01";
  certificate.validity.notBefore = new Date(Date.now() - hour);
  certificate.validity.notAfter = new Date(Date.now() + hour);
  certificate.setSubject([{ name: "commonName", value: name }]);
  certificate.setIssuer([{ name: "commonName", value: issuer }]);
  certificate.setExtensions(extensions as never[]);
  certificate.sign(by.private, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";
import { type Millis, seconds } from "../lib/duration.ts";
import type { ServerCertificate } from "../ports/certificates.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { certificatesOf, isTooLarge } from "./pem.ts";
import { canServe, isKeyOf, parseCertificate } from "./x509.ts";

/** Volumes of Secrets change by a swap of links, which not every kernel tells about: looking is enough. */
const RELOAD_INTERVAL: Millis = seconds(10);

/** A folder with `tls.crt` and `tls.key`, as cert-manager's Secrets are mounted. */
export interface CertificateFolder {
  readonly certificate: ServerCertificate;
  /** Calls `onChange` when other, valid files are there. What can't be used is logged once, and the last good stays. */
  watch(onChange: (certificate: ServerCertificate) => void): { close(): void };
}

/** Throws EnvironmentError (code `certificate`) when the files can't be read or don't belong together. */
export async function openCertificateFolder(
  folder: string,
  ports: { readonly clock: Clock; readonly log: Log },
): Promise<CertificateFolder> {
  const certificate = await readCertificate(folder);
  return { certificate, watch: (onChange) => watchFolder(folder, certificate, onChange, ports) };
}

function watchFolder(
  folder: string,
  first: ServerCertificate,
  onChange: (certificate: ServerCertificate) => void,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): { close(): void } {
  let current = first;
  let complaint = "";
  let timer: Timer | undefined;
  let open = true;
  const look = async () => {
    try {
      const found = await readCertificate(folder);
      if (open && (found.cert !== current.cert || found.key !== current.key)) {
        current = found;
        log.info({ folder }, "the certificate was read again");
        onChange(found);
      }
      complaint = "";
    } catch (error) {
      const message = errorMessage(error);
      if (message !== complaint) log.warn({ folder }, `${message}; the last good certificate stays in use`);
      complaint = message;
    }
    if (open) arm();
  };
  const arm = () => (timer = clock.after(RELOAD_INTERVAL, () => void look()));
  arm();
  return {
    close: () => {
      open = false;
      timer?.cancel();
    },
  };
}

async function readCertificate(folder: string): Promise<ServerCertificate> {
  const [cert, key] = await Promise.all([readText(join(folder, "tls.crt")), readText(join(folder, "tls.key"))]);
  const certificate = parseCertificate(certificatesOf(cert)[0] ?? "");
  if (certificate === undefined) throw unusable(`${join(folder, "tls.crt")} holds no certificate in PEM`);
  if (!isKeyOf(certificate, key)) throw unusable(`tls.key in ${folder} is not the key of tls.crt`);
  if (!canServe({ cert, key }))
    throw unusable(`OpenSSL refuses the certificate in ${folder}: its key is too short, say`);
  return { cert, key };
}

async function readText(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw unusable(`${path} can't be read: ${errorMessage(error)}`);
  }
  if (isTooLarge(text)) throw unusable(`${path} is too large to be a certificate`);
  return text;
}

function unusable(message: string): EnvironmentError {
  return new EnvironmentError("certificate", message, { retryable: true });
}

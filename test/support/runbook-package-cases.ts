import { generateKeyPairSync } from "node:crypto";
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makePackage } from "../../connectors/package/make-package.ts";
import { readPrivateKey } from "../../connectors/package/manifest.ts";
import type { ErrorCode } from "../../contracts/errors.ts";
import type { Content } from "./province-folder.ts";
import { asFiles, writeExport } from "./runbook-set-up-cases.ts";
import { province, type RunbookCase, type RunbookWorld } from "./runbook-world.ts";

type Spoil = (packages: string, world: RunbookWorld) => void | Promise<void>;

const faults: readonly (readonly [ErrorCode, Spoil])[] = [
  ["PACKAGE_MALFORMED", (packages) => mkdirSync(join(packages, "000003"))],
  ["PACKAGE_SIGNATURE_INVALID", (packages) => appendFileSync(join(packages, "000002", "manifest.json"), " ")],
  ["PACKAGE_FOREIGN", async (_, world) => await make(world, "11")],
  ["PACKAGE_MISSING", (packages) => rmSync(join(packages, "000001"), { recursive: true })],
  ["PACKAGE_FILE_WRONG", (packages) => appendFileSync(join(packages, "000002", "student.csv"), "x\n")],
];

/** Two sound packages, then one thing wrong with them; the maker's new copy mends it. */
export const packageCases: readonly RunbookCase[] = faults.map(([code, spoil]) => ({
  code,
  provoke: async (world) => {
    await writePackages(world);
    await spoil(join(world.folder, "packages"), world);
    world.configure(asPackages);
  },
  hand: (world) => [async () => await writePackages(world)],
}));

async function writePackages(world: RunbookWorld): Promise<void> {
  rmSync(join(world.folder, "packages"), { recursive: true, force: true });
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  world.writeFile("keys/maker.key", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  world.writeFile("keys/maker.pub", publicKey.export({ type: "spki", format: "pem" }).toString());
  for (let count = 0; count < 2; count += 1) await make(world, province);
}

async function make(world: RunbookWorld, of: string): Promise<void> {
  mkdirSync(join(world.folder, "packages"), { recursive: true });
  writeExport(world, "export", (text) => text);
  await makePackage(
    {
      folder: join(world.folder, "packages"),
      from: join(world.folder, "export"),
      province: of,
      keyId: "maker-1",
      key: readPrivateKey(join(world.folder, "keys", "maker.key")),
      charset: "utf8",
      separator: ",",
      workFolder: join(world.folder, "work"),
      createdAt: new Date("2026-09-01T00:00:00Z"),
    },
    new AbortController().signal,
  );
}

function asPackages(content: Content): Content {
  const files = asFiles(content);
  const { entities } = files["registry"] as Content;
  return {
    ...files,
    registry: {
      engine: "package",
      folder: "./packages",
      keys: [{ id: "maker-1", publicKeyFile: "./keys/maker.pub" }],
      entities: entities ?? {},
    },
  };
}

import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { encode } from "../charset.ts";
import type { SourceEntity } from "../connector.ts";
import { makePackage } from "./make-package.ts";
import { manifestBytes, parseManifest, signatureText } from "./manifest.ts";
import { PackageConnector } from "./package-connector.ts";

const source: SourceEntity = {
  entity: "student",
  from: { relation: "xs.csv" },
  key: ["id"],
  columns: [{ field: "name", column: "name" }],
};
const never = new AbortController().signal;

function pair() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    key: createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })),
    pem: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

describe("signed packages", () => {
  let root: string;
  let folder: string;
  let connectors: PackageConnector[] = [];
  const own = pair();
  const stranger = pair();

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "duijie-packages-"));
    folder = join(root, "packages");
    mkdirSync(folder);
    writeFileSync(join(root, "own.pub"), own.pem);
    connectors = [];
  });
  afterEach(async () => {
    for (const connector of connectors) await connector.close();
    rmSync(root, { recursive: true });
  });

  interface Making {
    readonly charset?: "utf8" | "gb18030";
    readonly province?: string;
    readonly sequence?: number;
    readonly key?: typeof own.key;
    readonly keyId?: string;
    readonly file?: string;
  }

  async function make(text: string, making: Making = {}) {
    const {
      charset = "utf8",
      file = "xs.csv",
      key = own.key,
      keyId = "own",
      province = "34",
      sequence,
    } = making;
    const from = join(root, "from");
    rmSync(from, { recursive: true, force: true });
    mkdirSync(from);
    writeFileSync(join(from, file), encode(text, charset) ?? "");
    return await makePackage(
      {
        folder,
        from,
        province,
        keyId,
        key,
        charset,
        separator: ",",
        workFolder: join(root, "work"),
        createdAt: new Date("2026-09-01T00:00:00Z"),
        ...(sequence === undefined ? {} : { sequence }),
      },
      never,
    );
  }

  function open(more: { firstSequence?: number; changes?: "refuse" | "follow" } = {}): PackageConnector {
    const connector = new PackageConnector({
      folder,
      province: "34",
      keys: [{ id: "own", publicKeyFile: join(root, "own.pub") }],
      firstSequence: 1,
      separator: ",",
      nullText: "",
      changes: "refuse",
      workFolder: join(root, "work"),
      concurrentReads: 2,
      ...more,
    });
    connectors.push(connector);
    return connector;
  }

  async function names(connector = open()): Promise<(string | null | undefined)[]> {
    const found: (string | null | undefined)[] = [];
    for (const range of await connector.planRanges(source, 100, never)) {
      for await (const page of connector.readRange(source, range, { pageRows: 10 }, never))
        found.push(...page.map((row) => row.values[0]));
    }
    return found;
  }

  async function refusal(work: Promise<unknown>): Promise<Record<string, unknown>> {
    try {
      await work;
    } catch (error) {
      if (error instanceof DuijieError) return { code: error.code, ...error.params };
      throw error;
    }
    return { code: "none" };
  }

  /** The manifest changed by somebody who has the key, or not. */
  function rewrite(name: string, change: (manifest: object) => object, key = own.key): void {
    const file = join(folder, name, "manifest.json");
    const manifest: object = JSON.parse(readFileSync(file, "utf8"));
    const bytes = Buffer.from(`${JSON.stringify(change(manifest))}\n`);
    writeFileSync(file, bytes);
    writeFileSync(join(folder, name, "manifest.sig"), signatureText(bytes, "own", key));
  }

  it("are made with counts and digests, numbered on, and read as they were written", async () => {
    const first = await make("id,name\n1,学童甲\n2,学童乙\n");
    expect(first).to.deep.include({ sequence: 1, previous: 0, province: "34", keyId: "own" });
    expect(first.files).to.deep.equal([
      {
        name: "xs.csv",
        rows: 2,
        bytes: 32,
        sha256: first.files[0]?.sha256,
        charset: "utf8",
      },
    ]);
    expect(await names()).to.deep.equal(["学童甲", "学童乙"]);
    expect((await make("id,name\n1,学童丙\n")).sequence).to.equal(2);
    expect(readdirSync(folder).toSorted()).to.deep.equal(["000001", "000002"]);
    expect(await names()).to.deep.equal(["学童丙"]);
  });

  it("are read in the charset that each one names", async () => {
    await make("id,name\n1,学童㐀𠮷\n", { charset: "gb18030" });
    expect(await names()).to.deep.equal(["学童㐀𠮷"]);
    await make("id,name\n1,学童乙\n");
    expect(await names()).to.deep.equal(["学童乙"]);
  });

  it("give of each file the newest, whichever package holds it", async () => {
    await make("id,name\n1,a\n");
    await make("id,name\n9,z\n", { file: "jt.csv" });
    expect(await names()).to.deep.equal(["a"]);
  });

  it("that are missing are named, at the beginning, in between, and where there is none at all", async () => {
    expect(await refusal(names())).to.deep.equal({ code: "PACKAGE_MISSING", missing: "1", newest: 0 });
    for (const name of ["a", "b", "c", "d", "e"]) await make(`id,name\n1,${name}\n`);
    rmSync(join(folder, "000001"), { recursive: true });
    expect(await refusal(names())).to.deep.include({ code: "PACKAGE_MISSING", missing: "1" });
    rmSync(join(folder, "000003"), { recursive: true });
    rmSync(join(folder, "000004"), { recursive: true });
    expect(await refusal(names())).to.deep.equal({ code: "PACKAGE_MISSING", missing: "1, 3, 4", newest: 5 });
    expect(await refusal(names(open({ firstSequence: 2 })))).to.deep.include({ missing: "3, 4" });
    expect(await names(open({ firstSequence: 5 }))).to.deep.equal(["e"]);
    const findings = await open().check([source], never);
    expect(findings).to.have.length(1);
    expect(findings[0]).to.deep.include({ ok: false, code: "PACKAGE_MISSING" });
  });

  it("that are complete again are read by the same command", async () => {
    for (const name of ["a", "b"]) await make(`id,name\n1,${name}\n`);
    renameSync(join(folder, "000001"), join(root, "aside"));
    const connector = open();
    expect(await refusal(names(connector))).to.deep.include({ code: "PACKAGE_MISSING" });
    renameSync(join(root, "aside"), join(folder, "000001"));
    expect(await names(connector)).to.deep.equal(["b"]);
  });

  it("of which a file is damaged, cut off, lengthened or gone are refused, whatever else is right", async () => {
    await make("id,name\n1,学童甲\n2,学童乙\n");
    const file = join(folder, "000001", "xs.csv");
    const sound = readFileSync(file);
    const wrong = async (bytes: Buffer | null) => {
      if (bytes === null) rmSync(file);
      else writeFileSync(file, bytes);
      return await refusal(names());
    };
    const place = { code: "PACKAGE_FILE_WRONG", entity: "student", package: "000001", file: "xs.csv" };
    const flipped = Buffer.from(sound);
    flipped[9] = 0x33;
    expect(await wrong(flipped)).to.deep.equal({ ...place, reason: "digest" });
    expect(await wrong(sound.subarray(0, 20))).to.deep.equal({
      ...place,
      reason: "bytes",
      found: 20,
      expected: 32,
    });
    expect(await wrong(Buffer.concat([sound, Buffer.from("3,c\n")]))).to.deep.include({ reason: "bytes" });
    expect(await wrong(null)).to.deep.equal({ ...place, reason: "not-in-package" });
    writeFileSync(file, sound);
    expect(await names()).to.deep.equal(["学童甲", "学童乙"]);
  });

  it("whose count of rows is wrong are refused, although they are signed", async () => {
    await make("id,name\n1,a\n2,b\n");
    rewrite("000001", (manifest) => ({
      ...manifest,
      files: "files" in manifest && Array.isArray(manifest.files) ? [{ ...manifest.files[0], rows: 3 }] : [],
    }));
    expect(await refusal(names())).to.deep.include({
      code: "PACKAGE_FILE_WRONG",
      reason: "rows",
      found: 2,
      expected: 3,
    });
  });

  it("that a stranger signed, or nobody, or that were changed afterwards are refused unread", async () => {
    await make("id,name\n1,a\n", { key: stranger.key });
    expect(await refusal(names())).to.deep.include({ code: "PACKAGE_SIGNATURE_INVALID", reason: "wrong" });
    rmSync(join(folder, "000001"), { recursive: true });
    await make("id,name\n1,a\n", { keyId: "other" });
    expect(await refusal(names())).to.deep.include({ reason: "key-unknown", keyId: "other" });
    rmSync(join(folder, "000001"), { recursive: true });
    await make("id,name\n1,a\n");
    appendFileSync(join(folder, "000001", "manifest.json"), " ");
    expect(await refusal(names())).to.deep.include({ code: "PACKAGE_SIGNATURE_INVALID", reason: "wrong" });
    writeFileSync(join(folder, "000001", "manifest.sig"), "own\n");
    expect(await refusal(names())).to.deep.include({ code: "PACKAGE_SIGNATURE_INVALID", reason: "form" });
    rmSync(join(folder, "000001", "manifest.sig"));
    expect(await refusal(names())).to.deep.include({
      code: "PACKAGE_MALFORMED",
      reason: "signature-missing",
    });
  });

  it("of another province are refused", async () => {
    await make("id,name\n1,a\n", { province: "35" });
    expect(await refusal(names())).to.deep.equal({
      code: "PACKAGE_FOREIGN",
      package: "000001",
      found: "35",
      expected: "34",
    });
  });

  it("with one number twice, a wrong number before or a manifest out of form are refused", async () => {
    await make("id,name\n1,a\n");
    await make("id,name\n1,b\n");
    cpSync(join(folder, "000002"), join(folder, "again"), { recursive: true });
    expect(await refusal(names())).to.deep.include({
      reason: "sequence-twice",
      sequence: 2,
      other: "000002",
    });
    rmSync(join(folder, "again"), { recursive: true });
    rewrite("000002", (manifest) => ({ ...manifest, previous: 0 }));
    expect(await refusal(names())).to.deep.include({
      code: "PACKAGE_MALFORMED",
      reason: "previous",
      found: 0,
    });
    rewrite("000002", (manifest) => ({ ...manifest, previous: 1, extra: 1 }));
    expect(await refusal(names())).to.deep.include({ code: "PACKAGE_MALFORMED", reason: "manifest-form" });
    rewrite("000002", (manifest) => ({ ...manifest, previous: 1, keyId: "other", extra: undefined }));
    expect(await refusal(names())).to.deep.include({
      code: "PACKAGE_SIGNATURE_INVALID",
      reason: "key-other",
    });
    mkdirSync(join(folder, "000003"));
    rewrite("000002", (manifest) => ({ ...manifest, keyId: "own" }));
    expect(await refusal(names())).to.deep.equal({
      code: "PACKAGE_MALFORMED",
      package: "000003",
      reason: "manifest-missing",
    });
  });

  it("can't lead out of their folder", async () => {
    const made = await make("id,name\n1,a\n");
    for (const name of ["../xs.csv", "a/b.csv", "..", ".hidden", ""]) {
      const bytes = manifestBytes({ ...made, files: made.files.map((file) => ({ ...file, name })) });
      expect(() => parseManifest(bytes, {}), name)
        .to.throw(DuijieError)
        .with.property("code", "PACKAGE_MALFORMED");
    }
    const outside = { ...source, from: { relation: "../000001/xs.csv" } };
    expect(await refusal(open().count(outside, never))).to.deep.include({ code: "SOURCE_CHANGED" });
  });

  it("that come while a command works are for the next one, or followed where that is wanted", async () => {
    await make("id,name\n1,a\n");
    const [pinned, following] = [open(), open({ changes: "follow" })];
    expect([await names(pinned), await names(following)]).to.deep.equal([["a"], ["a"]]);
    await make("id,name\n1,b\n");
    expect([await names(pinned), await names(following)]).to.deep.equal([["a"], ["b"]]);
  });

  it("are not made of a file that nobody could read, and leave nothing behind then", async () => {
    const faults = ["", "id,name\n1\n", 'id,name\n1,"a\n', "id,name\n1,a\0\n"];
    const codes: unknown[] = [];
    for (const text of faults) codes.push((await refusal(make(text)))["code"]);
    expect(codes).to.deep.equal([
      "SOURCE_FILE_EMPTY",
      "SOURCE_ROW_RAGGED",
      "SOURCE_QUOTE_OPEN",
      "SOURCE_BYTE_NUL",
    ]);
    expect(readdirSync(folder)).to.deep.equal([]);
    await make("id,name\n1,a\n");
    expect(await refusal(make("id,name\n1,b\n", { sequence: 1 }))).to.deep.include({ code: "FILE_EXISTS" });
    expect(existsSync(join(folder, "000001"))).to.equal(true);
  });
});

import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { DuijieError } from "../contracts/errors.ts";
import { buildHeaders, type Headers, type Party } from "./envelope.ts";
import {
  createKeyPair,
  keyring,
  loadSigningKey,
  loadVerifyingKey,
  type SigningKey,
  sign,
  signedBytes,
  type VerifyingKey,
  verify,
  verifyMessage,
} from "./signing.ts";

function pair(id: string, owner: Party): { signing: SigningKey; verifying: VerifyingKey } {
  const { privatePem, publicPem } = createKeyPair();
  return {
    signing: { id, privateKey: createPrivateKey(privatePem) },
    verifying: { id, owner, publicKey: createPublicKey(publicPem) },
  };
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DuijieError) return `${error.code} ${error.params["reason"] ?? ""}`.trim();
    throw error;
  }
  return "accepted";
}

const province = pair("34-2026", "34");
const other = pair("35-2026", "35");
const nation = pair("nation-1", "nation");
const ring = keyring([province.verifying, other.verifying, nation.verifying]);
const value = Buffer.from("1f8b0800000000000003ab", "hex");

function headersFrom(source: Party, keyId: string): Headers {
  return buildHeaders({
    id: "1042",
    source,
    type: "student.batch.v1",
    mappingVersion: 7,
    recordCount: 2,
    keyId,
    encryptionKeyId: null,
    traceParent: null,
  });
}

const sealed = sign(headersFrom("34", "34-2026"), value, province.signing);

describe("signature", () => {
  it("covers the sorted ce_ headers with their byte lengths, then the value", () => {
    const bytes = signedBytes({ ce_b: "皖", other: "x", ce_a: "1", ce_signature: "s" }, Buffer.from("V"));
    expect(bytes.toString("utf8")).to.equal("ce_a\x001\x001\nce_b\x003\x00皖\nV");
  });

  it("is accepted for what was signed, and tells whose key it was", () => {
    expect(verify(sealed, value, ring).owner).to.equal("34");
    expect(sealed["ce_signature"]).to.match(/^[A-Za-z0-9+/]{86}==$/);
  });

  it("is the same for the same bytes, so that what is sent again is the same message", () => {
    expect(sign(headersFrom("34", "34-2026"), value, province.signing)).to.deep.equal(sealed);
  });

  it("breaks with each signed header changed, removed or added", () => {
    const signed = Object.keys(sealed).filter((name) => name.startsWith("ce_") && name !== "ce_keyid");
    expect(signed).to.have.length(7);
    for (const name of signed) {
      const text = sealed[name] ?? "";
      const { [name]: _gone, ...without } = sealed;
      const flipped = (text.startsWith("A") ? "B" : "A") + text.slice(1);
      expect(
        refusal(() => verify({ ...sealed, [name]: flipped }, value, ring)),
        name,
      ).to.equal("SIGNATURE_INVALID wrong");
      const expected = name === "ce_signature" ? "SIGNATURE_INVALID missing" : "SIGNATURE_INVALID wrong";
      expect(
        refusal(() => verify(without, value, ring)),
        name,
      ).to.equal(expected);
    }
    expect(refusal(() => verify({ ...sealed, ce_other: "1" }, value, ring))).to.equal(
      "SIGNATURE_INVALID wrong",
    );
  });

  it("breaks with any bit of the value changed, and with any cut", () => {
    fc.assert(
      fc.property(fc.nat(value.length - 1), fc.nat(7), (at, bit) => {
        const changed = Buffer.from(value);
        changed.writeUInt8((changed[at] ?? 0) ^ (1 << bit), at);
        expect(refusal(() => verify(sealed, changed, ring))).to.equal("SIGNATURE_INVALID wrong");
        expect(refusal(() => verify(sealed, value.subarray(0, at), ring))).to.equal(
          "SIGNATURE_INVALID wrong",
        );
      }),
    );
  });

  it("can't be moved to another key, an unknown key or no key", () => {
    expect(refusal(() => verify({ ...sealed, ce_keyid: "35-2026" }, value, ring))).to.equal(
      "SIGNATURE_INVALID wrong",
    );
    expect(refusal(() => verify({ ...sealed, ce_keyid: "36-2026" }, value, ring))).to.equal(
      "SIGNATURE_INVALID key-unknown",
    );
    const { ce_keyid: _gone, ...without } = sealed;
    expect(refusal(() => verify(without, value, ring))).to.equal("SIGNATURE_INVALID missing");
  });

  it("has one text only", () => {
    const text = sealed["ce_signature"] ?? "";
    for (const variant of [
      ` ${text}`,
      text.replace("==", ""),
      `${text}\n`,
      text.replaceAll("+", "-").concat("="),
    ]) {
      expect(
        refusal(() => verify({ ...sealed, ce_signature: variant }, value, ring)),
        variant,
      ).to.equal("SIGNATURE_INVALID wrong");
    }
  });

  it("tells one header holding a line break and NULs from two headers", () => {
    const one = { ce_a: "x\nce_b\x001\x00y", ce_keyid: "34-2026" };
    const two = { ce_a: "x", ce_b: "y", ce_keyid: "34-2026" };
    expect(signedBytes(one, value).equals(signedBytes(two, value))).to.equal(false);
    const signed = sign(two, value, province.signing);
    const forged = { ...one, ce_signature: signed["ce_signature"] ?? "" };
    expect(refusal(() => verify(forged, value, ring))).to.equal("SIGNATURE_INVALID wrong");
  });

  it("differs for different headers, whatever their values hold", () => {
    const texts = fc.string({ unit: fc.constantFrom("a", "\n", "\0", "1", "ce_b", "皖") });
    const headers = fc.dictionary(fc.constantFrom("ce_a", "ce_b", "ce_c"), texts);
    fc.assert(
      fc.property(headers, headers, (a, b) => {
        const names = Object.keys({ ...a, ...b });
        const same = names.every((name) => a[name] === b[name]);
        expect(signedBytes(a, value).equals(signedBytes(b, value))).to.equal(same);
      }),
    );
  });

  it("is refused for a header name that imitates the framing", () => {
    const named = { ...sealed, "ce_a\x001\x00x\nce_b": "y" };
    expect(refusal(() => verify(named, value, ring))).to.equal("SIGNATURE_INVALID header-name");
    expect(refusal(() => sign({ "ce_A b": "1" }, value, province.signing))).to.equal("MESSAGE_MALFORMED");
  });

  it("agrees with the openssl command", async function () {
    const folder = await mkdtemp(join(tmpdir(), "duijie-signing-"));
    try {
      const { privatePem, publicPem } = createKeyPair();
      await writeFile(join(folder, "key.pem"), privatePem, { mode: 0o600 });
      await writeFile(join(folder, "bytes"), signedBytes(sealed, value));
      const signature = opensslSignature(folder);
      if (signature === null) {
        Object.assign(this.test ?? {}, { skipReason: "no openssl here that signs with Ed25519" });
        return this.skip();
      }
      const theirs = { ...sealed, ce_signature: signature };
      const key = { id: "34-2026", owner: "34" as const, publicKey: createPublicKey(publicPem) };
      expect(verify(theirs, value, keyring([key])).id).to.equal("34-2026");
      const signing = { id: "34-2026", privateKey: createPrivateKey(privatePem) };
      expect(sign(sealed, value, signing)).to.deep.equal(theirs);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

function opensslSignature(folder: string): string | null {
  const command = ["pkeyutl", "-sign", "-rawin", "-inkey", "key.pem", "-in", "bytes", "-out", "signature"];
  try {
    execFileSync("openssl", command, { cwd: folder, stdio: "ignore" });
    return execFileSync("openssl", ["base64", "-A", "-in", "signature"], { cwd: folder }).toString("latin1");
  } catch {
    return null;
  }
}

describe("sender", () => {
  const message = (topic: string, headers: Headers) => ({ topic, headers, value });

  it("is taken on its own topic", () => {
    expect(verifyMessage(message("duijie.34.up.data", sealed), ring).province).to.equal("34");
    const down = sign(headersFrom("nation", "nation-1"), value, nation.signing);
    expect(verifyMessage(message("duijie.34.down.control", down), ring).province).to.equal("34");
  });

  it("is refused where source, topic and key are not one province's", () => {
    const claimed = sign(headersFrom("34", "35-2026"), value, other.signing);
    const nations = sign(headersFrom("nation", "34-2026"), value, province.signing);
    const cases: [string, Headers][] = [
      ["duijie.35.up.data", sealed],
      ["duijie.34.down.control", sealed],
      ["somewhere", sealed],
      ["duijie.34.up.data", claimed],
      ["duijie.35.up.data", claimed],
      ["duijie.34.down.control", nations],
    ];
    for (const [topic, headers] of cases) {
      expect(
        refusal(() => verifyMessage(message(topic, headers), ring)),
        topic,
      ).to.equal("PROVINCE_FOREIGN");
    }
  });

  it("is asked for the signature before anything else", () => {
    const forged = { ...sealed, ce_source: "/provinces/35" };
    expect(refusal(() => verifyMessage(message("duijie.34.up.data", forged), ring))).to.equal(
      "SIGNATURE_INVALID wrong",
    );
  });
});

describe("key files", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "duijie-keys-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function file(name: string, text: string, mode: number): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  }

  async function reason(loading: Promise<unknown>): Promise<unknown> {
    try {
      await loading;
    } catch (error) {
      if (error instanceof DuijieError && error.code === "KEY_FILE_INVALID") return error.params["reason"];
      throw error;
    }
    return "accepted";
  }

  it("of a pair sign and verify", async () => {
    const { privatePem, publicPem } = createKeyPair();
    const signing = await loadSigningKey("34-1", await file("a.key", privatePem, 0o600));
    const verifying = await loadVerifyingKey("34-1", "34", await file("a.pub", publicPem, 0o644));
    const headers = sign(headersFrom("34", "34-1"), value, signing);
    expect(verify(headers, value, keyring([verifying])).owner).to.equal("34");
  });

  it("are refused with what is wrong with them", async () => {
    const { privatePem, publicPem } = createKeyPair();
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const rsaPrivate = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const rsaPublic = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
    const signing = async (name: string, text: string, mode = 0o600) =>
      reason(loadSigningKey("k", await file(name, text, mode)));
    const verifying = async (name: string, text: string) =>
      reason(loadVerifyingKey("k", "34", await file(name, text, 0o644)));
    expect(await reason(loadSigningKey("k", join(folder, "absent")))).to.equal("unreadable");
    expect(await reason(loadSigningKey("k", folder))).to.equal("unreadable");
    expect(await signing("1", privatePem, 0o644)).to.equal("readable-by-others");
    expect(await signing("2", privatePem, 0o640)).to.equal("readable-by-others");
    expect(await signing("3", "no key")).to.equal("not-pem");
    expect(await signing("4", publicPem)).to.equal("not-pem");
    expect(await signing("5", rsaPrivate)).to.equal("not-ed25519");
    expect(await verifying("6", rsaPublic)).to.equal("not-ed25519");
    expect(await verifying("7", privatePem)).to.equal("private-key");
    expect(await verifying("8", "")).to.equal("not-pem");
  });

  it("with one id twice are refused", () => {
    let found: unknown;
    try {
      keyring([province.verifying, { ...other.verifying, id: "34-2026" }]);
    } catch (error) {
      found = error instanceof DuijieError ? error.params["reason"] : error;
    }
    expect(found).to.equal("id-twice");
  });
});

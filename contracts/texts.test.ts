import { expect } from "chai";
import { entityNames } from "./entity.ts";
import { entityContract } from "./entity-contract.ts";
import { errorKinds } from "./errors.ts";
import { createTexts, readTexts } from "./texts.ts";

const zh = readTexts("zh");
const en = readTexts("en");

function paramsOf(text: string | undefined): string[] {
  return [...(text ?? "").matchAll(/\{\{\s*([^{}]+?)\s*\}\}/g)].map((match) => match[1] ?? "").toSorted();
}

describe("texts", () => {
  it("exist in both languages under the same keys", () => {
    expect(Object.keys(zh).toSorted()).to.deep.equal(Object.keys(en).toSorted());
    expect(Object.keys(zh).length).to.be.at.least(150);
  });

  it("take the same parameters in both languages", () => {
    const different = Object.keys(zh).filter((key) => paramsOf(zh[key]).join() !== paramsOf(en[key]).join());
    expect(different).to.deep.equal([]);
  });

  it("are not empty, and the English ones hold no Chinese sentence", () => {
    for (const text of [...Object.values(zh), ...Object.values(en)]) expect(text.trim()).not.to.equal("");
    const chinese = Object.entries(en).filter(([, text]) => /\p{Script=Han}{5}/u.test(text));
    expect(chinese.map(([key]) => key)).to.deep.equal([]);
  });

  it("tell of every error what it is and what to do, and of no other", () => {
    const expected = Object.keys(errorKinds).flatMap((code) => [
      `errors.${code}.what`,
      `errors.${code}.remedy`,
    ]);
    // The file also explains drivers' codes, `errors.reason.*`.
    const found = Object.keys(zh).filter((key) => /^errors\..+\.(what|remedy)$/.test(key));
    expect(found).to.have.members(expected);
  });

  it("tell of every rule what it finds and how it is fixed, and of no other", () => {
    const ids = entityNames.flatMap((entity) => entityContract(entity).rules.map((rule) => rule.id));
    expect(new Set(ids).size).to.equal(ids.length);
    const expected = [...ids, "SCHEMA", "REQUIRED"].flatMap((id) => [`rules.${id}.title`, `rules.${id}.fix`]);
    expect(Object.keys(zh).filter((key) => key.startsWith("rules."))).to.have.members(expected);
  });

  it("come in the language that was asked for, with parameters as they are", () => {
    const withParams = Object.keys(zh).find((key) => paramsOf(zh[key]).length > 0);
    if (withParams === undefined) throw new Error("no text with a parameter");
    const param = paramsOf(zh[withParams])[0] ?? "";
    for (const language of ["zh", "en"] as const) {
      const text = createTexts(language)(withParams, { [param]: "<a & b $t(x) {{y}}>" });
      expect(text).to.include("<a & b $t(x) {{y}}>");
      expect(createTexts(language)(withParams)).to.include(`{{`);
    }
    expect(createTexts("zh")("rules.REQUIRED.title")).to.equal("必填项没有填写");
    expect(createTexts("en")("rules.REQUIRED.title")).to.equal("A required field is empty");
  });

  it("never answer with a key", () => {
    for (const key of ["rules.NO_SUCH_RULE.title", "toString", "rules", ""]) {
      expect(() => createTexts("en")(key))
        .to.throw()
        .with.property("code", "INVARIANT_BROKEN");
    }
  });
});

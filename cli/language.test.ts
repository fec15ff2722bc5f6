import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { languageOf } from "./language.ts";

describe("language", () => {
  let folder: string;
  let english: string;
  let silent: string;
  let broken: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "duijie-language-"));
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    english = file("english.yaml", "role: province\nlanguage: en\n");
    silent = file("silent.yaml", "role: province\n");
    broken = file("broken.yaml", "role: [\n");
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is what --lang says, before all else", () => {
    expect(languageOf(["--lang", "zh", "--config", english], { LANG: "en_US.UTF-8" })).to.equal("zh");
    expect(languageOf(["check", "--lang=en"], { LANG: "zh_CN.UTF-8" })).to.equal("en");
  });

  it("is else what the configuration says, wherever that is", () => {
    expect(languageOf(["--config", english], { LANG: "zh_CN.UTF-8" })).to.equal("en");
    expect(languageOf([`--config=${english}`], {})).to.equal("en");
    expect(languageOf([], { DUIJIE_CONFIG: english })).to.equal("en");
  });

  it("is else that of the locale", () => {
    const args = ["--config", silent];
    expect(languageOf(args, { LANG: "en_GB.UTF-8" })).to.equal("en");
    expect(languageOf(args, { LANG: "en_GB.UTF-8", LC_ALL: "zh_CN.UTF-8" })).to.equal("zh");
    expect(languageOf(args, { LANG: "de_DE.UTF-8" })).to.equal("en");
  });

  it("is else Chinese", () => {
    for (const env of [{}, { LANG: "C" }, { LANG: "C.UTF-8" }, { LANG: "POSIX" }]) {
      expect(languageOf(["--config", silent], env)).to.equal("zh");
    }
  });

  it("does not fail on a configuration that is broken or not there", () => {
    expect(languageOf(["--config", broken], {})).to.equal("zh");
    expect(languageOf(["--config", join(folder, "none.yaml")], { LANG: "en_US" })).to.equal("en");
    expect(languageOf(["--lang"], { LANG: "en_US", DUIJIE_CONFIG: silent })).to.equal("en");
  });
});

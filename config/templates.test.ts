import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../contracts/package-root.ts";
import { entityContract } from "../contracts/registry.ts";
import { languages } from "../contracts/texts.ts";
import { loadConfig, loadNationalConfig, loadProvinceConfig } from "./load.ts";
import { mappingTargets } from "./mapping-targets.ts";
import { missingRequiredFields } from "./required-fields.ts";
import { nationalTemplate, provinceTemplate } from "./templates.ts";

const env = {
  DUIJIE_EXCHANGE_URL: "postgres://duijie@localhost/exchange",
  DUIJIE_NATIONAL_URL: "postgres://nation@localhost/national",
  REGISTRY_URL: "postgres://reader@localhost/xueji",
  DUIJIE_KAFKA_PASSWORD: "x",
  DUIJIE_BROKER_URL: "postgres://duijie@localhost/broker",
};

const han = /\p{Script=Han}/u;

describe("examples and templates", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "duijie-template-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function write(text: string): string {
    const file = join(folder, "node.yaml");
    writeFileSync(file, text);
    return file;
  }

  it("are complete: the example loads, fills every required field and has a file for every table", () => {
    const config = loadProvinceConfig(join(packageRoot, "config", "examples", "province.yaml"), env);
    expect(missingRequiredFields(config)).to.deep.equal([]);
    expect(Object.keys(config.mappings)).to.have.members([...mappingTargets(config).keys()]);
    const student = config.registry.entities.student?.fields.map(({ field }) => field);
    const unused = entityContract("student").fields.filter(({ name }) => !student?.includes(name));
    expect(unused.map(({ name }) => name)).to.deep.equal(["photoRef"]);
    expect(loadConfig(join(packageRoot, "config", "examples", "national.yaml"), env).role).to.equal(
      "national",
    );
  });

  for (const language of languages) {
    it(`describe files in ${language} where the registry is a folder`, () => {
      const text = provinceTemplate({ province: "34", engine: "csv" }, language);
      const config = loadProvinceConfig(write(text), env);
      expect(config.registry.engine).to.equal("csv");
      expect(config.registry.connection).to.deep.include({ folder: "./registry", charset: "utf8" });
      const files = Object.values(config.registry.entities).map((entity) => entity?.from);
      expect(files).to.deep.equal(
        ["xx", "nj", "bj", "xs", "jt"].map((name) => ({ file: `${name}_jbxx.csv` })),
      );
      expect(missingRequiredFields(config)).to.deep.equal([]);
      for (const comment of text.split("\n").filter((line) => /^\s*# /.test(line)))
        expect(han.test(comment), comment).to.equal(language === "zh");
      expect(text.slice(text.indexOf("registry:"))).to.not.match(/postgres|query/i);
      const switchedOn = text.replaceAll(/^(\s*)#(?=(?:nullText|separator|workFolder))/gm, "$1");
      const { connection } = loadProvinceConfig(write(switchedOn), env).registry;
      expect(connection).to.deep.include({ nullText: "\\N", separator: ";" });
    });

    it(`describe packages in ${language}, with a key to be compared`, () => {
      const text = provinceTemplate({ province: "34", engine: "package" }, language);
      const config = loadProvinceConfig(write(text), env);
      expect(config.registry.connection).to.deep.include({
        folder: "./packages",
        keys: [{ id: "maker-1", publicKeyFile: "./keys/maker.pub" }],
      });
      expect(missingRequiredFields(config)).to.deep.equal([]);
      for (const comment of text.split("\n").filter((line) => /^\s*# /.test(line)))
        expect(han.test(comment), comment).to.equal(language === "zh");
      const switchedOn = text.replaceAll(
        /^(\s*)#(?=(?:firstSequence|nullText|separator|workFolder))/gm,
        "$1",
      );
      expect(loadProvinceConfig(write(switchedOn), env).registry.connection).to.deep.include({
        separator: ";",
      });
    });

    it(`describe a registry on MySQL in ${language}`, () => {
      const text = provinceTemplate({ province: "34", engine: "mysql" }, language);
      const config = loadProvinceConfig(write(text.replace("#tls: true", "tls: true")), env);
      expect(config.registry).to.deep.include({ engine: "mysql" });
      expect(config.registry.connection).to.deep.include({ charset: "auto", tls: true });
      expect(missingRequiredFields(config)).to.deep.equal([]);
      for (const comment of text.split("\n").filter((line) => /^\s*# /.test(line)))
        expect(han.test(comment), comment).to.equal(language === "zh");
    });

    it(`are written in ${language} with what was asked for`, () => {
      const province = provinceTemplate(
        { province: "61", brokers: ["a:9092", "b:9092"], client: "kafkajs", keyId: "61-a" },
        language,
      );
      const config = loadProvinceConfig(write(province), env);
      expect(config).to.deep.include({ province: "61", language });
      expect(config.kafka).to.deep.include({
        brokers: ["a:9092", "b:9092"],
        client: "kafkajs",
        clientId: "duijie-61",
      });
      expect(config.keys.signing).to.deep.equal({
        id: "61-a",
        privateKeyFile: join(folder, "keys", "61.key"),
      });
      const trial = loadProvinceConfig(
        write(provinceTemplate({ province: "61", client: "postgres" }, language)),
        env,
      );
      expect(trial.kafka).to.deep.include({ client: "postgres", brokers: [] });
      const national = loadNationalConfig(
        write(nationalTemplate({ provinces: ["34", "61"] }, language)),
        env,
      );
      expect(Object.keys(national.keys.provinces)).to.deep.equal(["34", "61"]);
      expect(national.kafka.brokers).to.deep.equal(["kafka.example:9092"]);
    });

    it(`explain themselves in ${language} alone`, () => {
      const texts = [
        provinceTemplate({ province: "34" }, language),
        nationalTemplate({ provinces: ["34"] }, language),
      ];
      for (const text of texts) {
        const comments = text.split("\n").filter((line) => /^\s*# /.test(line));
        expect(comments).to.have.length.greaterThan(8);
        for (const comment of comments) expect(han.test(comment), comment).to.equal(language === "zh");
      }
    });
  }

  it("say the same in both languages: as many comments, and the same YAML", () => {
    const [zh, en] = languages.map((language) => provinceTemplate({ province: "34" }, language).split("\n"));
    const plain = (lines: readonly string[] | undefined): readonly string[] =>
      (lines ?? []).filter((line) => !/^\s*# /.test(line) && !line.startsWith("language:"));
    expect(plain(zh)).to.deep.equal(plain(en));
    expect(zh).to.have.length(en?.length ?? 0);
  });

  it("hold only options that are valid when switched on", () => {
    const switchedOn = (text: string): string => text.replaceAll(/^(\s*)#(?=[A-Za-z])/gm, "$1");
    const text = switchedOn(provinceTemplate({ province: "34" }, "en"));
    const config = loadProvinceConfig(write(text), env);
    expect(config.scope).to.deep.equal({ counties: ["340104"], phases: ["2", "3"] });
    expect(config.kafka.sasl).to.include({ mechanism: "scram-sha-512" });
    const national = switchedOn(nationalTemplate({ provinces: ["34"] }, "en"));
    expect(loadNationalConfig(write(national), env).kafka.tls).to.have.property("caFile");
  });
});

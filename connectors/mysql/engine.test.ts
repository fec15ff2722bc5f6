import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { mysqlEngine, mysqlOptions } from "./engine.ts";
import { addressOf } from "./options.ts";
import { factsOf, timeLimit, transactionStart } from "./server-facts.ts";

const say = (key: string) => key;

describe("options of the engine mysql", () => {
  it("are filled in by their schema, and refused with what is wrong", () => {
    expect(mysqlOptions({ url: "mysql://u:p@h/d" })).to.deep.include({
      charset: "auto",
      tls: false,
      concurrentReads: 2,
    });
    const wrong = () => mysqlOptions({ url: "mysql://u@h/d", charset: "big5" });
    expect(wrong).to.throw(DuijieError).that.includes({ code: "CONFIG_INVALID" });
  });

  it("name a server by URL or in parts; a password apart goes before the URL's", () => {
    const rest = mysqlOptions({ url: "mysql://r%40tenant:p%3Aw@h/xue%20ji" });
    expect(addressOf(rest)).to.deep.equal({
      host: "h",
      port: 3306,
      database: "xue ji",
      user: "r@tenant",
      password: "p:w",
    });
    expect(addressOf({ ...rest, password: "other" }).password).to.equal("other");
    expect(addressOf({ ...rest, url: "mariadb://r@[::1]:3307/x" })).to.include({ host: "::1", port: 3307 });
    const parts = { host: "h", port: 1, database: "d", user: "u", password: "p" };
    expect(addressOf(mysqlOptions(parts))).to.deep.equal(parts);
  });

  it("are refused where the URL leads elsewhere, names no database, or is none", () => {
    const rest = mysqlOptions({ url: "mysql://u@h/d" });
    for (const url of ["postgres://u@h/d", "mysql://u@h", "nonsense", "mysql://u:%@h/d"])
      expect(() => addressOf({ ...rest, url }), url)
        .to.throw(DuijieError)
        .that.includes({ code: "CONFIG_INVALID" });
  });
});

describe("the server's version", () => {
  it("tells MySQL, MariaDB and their relatives apart", () => {
    expect(factsOf("8.0.41", "MySQL Community Server - GPL")).to.include({
      flavour: "mysql",
      versionNumber: 80_041,
    });
    expect(factsOf("10.11.19-MariaDB-0+deb12u1", "Debian 12")).to.include({
      flavour: "mariadb",
      versionNumber: 101_119,
    });
    expect(factsOf("5.5.5-10.3.2-MariaDB", "")).to.include({ versionNumber: 100_302 });
    expect(factsOf("8.0.11-TiDB-v7.5.0", "TiDB Server")).to.include({ flavour: "mysql", hasReadOnly: false });
    expect(factsOf("5.7.25-OceanBase-v4.2.1", "OceanBase")).to.include({ limitedBy: "ob_query_timeout" });
  });

  it("decides how a statement is limited and a transaction begun", () => {
    const factsAs = (version: string) => ({ ...factsOf(version, ""), user: "", charset: "" });
    expect(timeLimit(factsAs("10.11.1-MariaDB"), 1500)).to.deep.equal(["max_statement_time = 1.5"]);
    expect(timeLimit(factsAs("8.0.41"), 1500)).to.deep.equal(["max_execution_time = 1500"]);
    expect(timeLimit(factsAs("5.7.25-OceanBase-v4.2.1"), 0)[0]).to.equal("ob_query_timeout = 86400000000");
    expect(transactionStart(factsAs("8.0.41"))).to.include("READ ONLY");
    expect(transactionStart(factsAs("8.0.11-TiDB-v7.5.0"))).to.not.include("READ ONLY");
  });
});

describe("the GRANT script for MySQL", () => {
  const source = {
    entity: "student",
    from: { relation: "xj.xs" },
    key: ["xs_id"],
    columns: [{ field: "name", column: "xm" }],
    countyColumn: "xzq",
  } as const;

  it("grants the configured columns alone, one statement a table", () => {
    const script = mysqlEngine.grants?.([source], "duijie_34", say) ?? "";
    expect(script).to.include("CREATE USER IF NOT EXISTS 'duijie_34'@'%'");
    expect(script).to.include("GRANT SELECT (`xm`, `xs_id`, `xzq`) ON `xj`.`xs` TO 'duijie_34'@'%';");
    expect(script.match(/^GRANT/gm)).to.have.length(1);
  });

  it("leaves a query to its writer, and quotes whatever stands in a name", () => {
    const script = mysqlEngine.grants?.([{ ...source, from: { query: "SELECT 1" } }], "o'b", say) ?? "";
    expect(script).to.include("'o''b'@'%'").and.to.include("-- grants.query");
    expect(script).to.not.match(/^GRANT/m);
    const quoted =
      mysqlEngine.grants?.([{ ...source, from: { relation: '`a``.b`."c""d"' } }], "r", say) ?? "";
    expect(quoted).to.include('ON `a``.b`.`c"d` TO');
    expect(() => mysqlEngine.grants?.([source], "a\\", say)).to.throw(DuijieError);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../contracts/package-root.ts";
import { exchangeRights, nationalRights } from "./daemon-rights.ts";
import { ownerScript, roleScript } from "./role-scripts.ts";
import { vendorRights } from "./vendor-rights.ts";
import { exchangeViewerRights, nationalViewerRights } from "./viewer-rights.ts";

/** Tables and views as the migrations create them; the list of migrations itself is TypeORM's. */
function created(folder: "exchange-db" | "national"): readonly string[] {
  const migrations = join(packageRoot, folder, "migrations");
  const text = readdirSync(migrations)
    .map((file) => readFileSync(join(migrations, file), "utf8"))
    .join("\n");
  return [...text.matchAll(/CREATE (?:TABLE|VIEW) (\w+\.\w+)/g)].map(([, name = ""]) => name);
}

describe("rights of a daemon's role", () => {
  it("cover each table of the exchange-db", () => {
    const tables = created("exchange-db");
    expect(tables.length).to.be.greaterThan(30);
    expect(Object.keys(exchangeRights().tables)).to.have.members([
      ...tables,
      "exchange.migration",
      "exchange.role_province",
    ]);
  });

  it("cover each table of the national database, the ministry's for reading only", () => {
    const tables = created("national");
    const rights = nationalRights().tables;
    expect(Object.keys(rights)).to.have.members([...tables, "national.migration", "national.role_province"]);
    expect(rights["ministry.school"]).to.deep.equal(["SELECT"]);
    expect(rights["ministry.region"]).to.deep.equal(["SELECT"]);
  });

  it("let no daemon change tables, own them or go past row security", () => {
    for (const rights of [
      exchangeRights(),
      nationalRights(),
      exchangeViewerRights(),
      nationalViewerRights(),
      vendorRights(),
    ]) {
      const script = roleScript({
        rights,
        role: "duijie_daemon",
        provinces: ["34"],
        comments: ["为守护进程"],
      });
      expect(script).not.to.match(
        /ALL PRIVILEGES|GRANT ALL|TRUNCATE|SUPERUSER|BYPASSRLS|OWNER|CREATE ON|CREATEDB|CREATEROLE/,
      );
      expect(script.split("\n")[0]).to.equal("-- 为守护进程");
      expect(script).to.include(`INSERT INTO ${rights.home}.role_province`);
    }
  });

  it("let a viewer read only", () => {
    for (const rights of [exchangeViewerRights(), nationalViewerRights()]) {
      expect(new Set(Object.values(rights.tables).flat())).to.deep.equal(new Set(["SELECT"]));
      const shown = Object.values(rights.columns).flat();
      for (const column of ["raw", "bytes", "headers", "source_key", "source_hash", "parent_identifier"])
        expect(shown).not.to.include(column);
      expect(
        Object.keys(rights.tables).filter((table) => /payload|staging|identifier/.test(table)),
      ).to.deep.equal([]);
    }
  });

  it("let the owner own one database, not the server", () => {
    const script = ownerScript("duijie_owner", ["exchange"], ["库主"]);
    expect(script).not.to.match(/SUPERUSER|BYPASSRLS|CREATEDB|CREATEROLE/);
    expect(script).to.include("OWNER TO duijie_owner");
  });
});

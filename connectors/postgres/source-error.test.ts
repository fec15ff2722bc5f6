import { expect } from "chai";
import pg from "pg";
import { DuijieError } from "../../contracts/errors.ts";
import { codeOfSqlState, sourceError } from "./source-error.ts";

function databaseError(code: string, more: Partial<pg.DatabaseError> = {}): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError("canary-message", 0, "error"), { code, ...more });
}

function systemError(code: string, message = "canary-message"): Error {
  return Object.assign(new Error(message), { code });
}

describe("a driver's error", () => {
  it("becomes ours by its SQLSTATE", () => {
    const codes = {
      "28P01": "SOURCE_REFUSED",
      "42501": "SOURCE_REFUSED",
      "3D000": "SOURCE_REFUSED",
      "42P01": "SOURCE_CHANGED",
      "42703": "SOURCE_CHANGED",
      "22P02": "SOURCE_CHANGED",
      "22021": "SOURCE_CHARSET_WRONG",
      "57P01": "SOURCE_UNREACHABLE",
      "57014": "SOURCE_UNREACHABLE",
      "53300": "SOURCE_UNREACHABLE",
      "08006": "SOURCE_UNREACHABLE",
      "99999": "SOURCE_UNREACHABLE",
    };
    for (const [sqlState, code] of Object.entries(codes))
      expect(codeOfSqlState(sqlState), sqlState).to.equal(code);
  });

  it("becomes ours by what broke when there is no SQLSTATE", () => {
    const place = { server: "h:1" };
    const reasons: [Error, string, string][] = [
      [systemError("ECONNREFUSED"), "SOURCE_UNREACHABLE", "ECONNREFUSED"],
      [new Error("Connection terminated unexpectedly"), "SOURCE_UNREACHABLE", "connection-lost"],
      [new Error("timeout expired"), "SOURCE_UNREACHABLE", "timeout"],
      [systemError("DEPTH_ZERO_SELF_SIGNED_CERT"), "SOURCE_REFUSED", "tls"],
      [new Error("The server does not support SSL connections"), "SOURCE_REFUSED", "tls"],
      [new Error("SASL: Only mechanism(s) SCRAM-SHA-256 are supported"), "SOURCE_REFUSED", "authentication"],
    ];
    for (const [error, code, reason] of reasons) {
      const ours = sourceError(error, place);
      expect(ours.code).to.equal(code);
      expect(ours.params).to.deep.equal({ server: "h:1", reason });
    }
  });

  it("tells table and column, and nothing that may hold data", () => {
    const error = databaseError("42501", {
      detail: "canary-detail",
      where: "canary-where",
      table: "t",
      column: "c",
    });
    const ours = sourceError(error, { server: "h:1" });
    expect(ours.params).to.deep.equal({ server: "h:1", sqlState: "42501", table: "t", column: "c" });
    expect(JSON.stringify([ours.params, ours.message, ours.stack, ours.cause])).to.not.include("canary");
  });

  it("is left alone when it is ours already", () => {
    const ours = new DuijieError("SOURCE_CHANGED", { column: "c" });
    expect(sourceError(ours, { server: "h:1" })).to.equal(ours);
  });
});

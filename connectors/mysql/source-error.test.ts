import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { codeOfErrno, sourceError } from "./source-error.ts";

function serverError(errno: number, sqlState = "HY000"): Error {
  return Object.assign(new Error("canary-message"), { errno, sqlState, sqlMessage: "canary-message" });
}

const driverError = (code: string, message = "canary-message") => Object.assign(new Error(message), { code });

describe("an error of MySQL", () => {
  it("becomes ours by its number, then by its state", () => {
    const codes: readonly [number, string, string][] = [
      [1045, "28000", "SOURCE_REFUSED"],
      [1142, "42000", "SOURCE_REFUSED"],
      [1143, "42000", "SOURCE_REFUSED"],
      [1862, "HY000", "SOURCE_REFUSED"],
      [1146, "42S02", "SOURCE_CHANGED"],
      [1054, "42S22", "SOURCE_CHANGED"],
      [1064, "42000", "SOURCE_CHANGED"],
      [1792, "25006", "SOURCE_CHANGED"],
      [1300, "HY000", "SOURCE_CHARSET_WRONG"],
      [1203, "42000", "SOURCE_UNREACHABLE"],
      [1040, "08004", "SOURCE_UNREACHABLE"],
      [1317, "70100", "SOURCE_UNREACHABLE"],
      [1969, "70100", "SOURCE_UNREACHABLE"],
      [9999, "99999", "SOURCE_UNREACHABLE"],
    ];
    for (const [errno, state, code] of codes) expect(codeOfErrno(errno, state), String(errno)).to.equal(code);
  });

  it("tells numbers and a reason, and nothing of the server's words", () => {
    const error = sourceError(serverError(1862), { server: "h:1" });
    expect(error.params).to.deep.equal({
      server: "h:1",
      errno: 1862,
      sqlState: "HY000",
      reason: "password-expired",
    });
    expect(JSON.stringify([error.params, error.message, String(error.cause)])).to.not.include("canary");
  });

  it("becomes ours by what broke where the server said nothing", () => {
    const reasons = {
      HANDSHAKE_NO_SSL_SUPPORT: ["SOURCE_REFUSED", "tls"],
      DEPTH_ZERO_SELF_SIGNED_CERT: ["SOURCE_REFUSED", "tls"],
      ERR_TLS_CERT_ALTNAME_INVALID: ["SOURCE_REFUSED", "tls"],
      AUTH_SWITCH_PLUGIN_ERROR: ["SOURCE_REFUSED", "authentication"],
      ECONNREFUSED: ["SOURCE_UNREACHABLE", "ECONNREFUSED"],
      PROTOCOL_CONNECTION_LOST: ["SOURCE_UNREACHABLE", "connection-lost"],
    };
    for (const [code, [ours, reason]] of Object.entries(reasons)) {
      const error = sourceError(driverError(code), {});
      expect([error.code, error.params["reason"]], code).to.deep.equal([ours, reason]);
    }
  });

  it("of our own passes as it is", () => {
    const ours = new DuijieError("SOURCE_CHANGED", { column: "a" });
    expect(sourceError(ours, { server: "h:1" })).to.equal(ours);
  });
});

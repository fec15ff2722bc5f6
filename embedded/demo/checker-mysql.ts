import mysql from "mysql2";
import type { TableTexts } from "./checker-databases.ts";
import type { Row } from "./checker-rows.ts";

/** A table of the demo's registry, by plain SQL, every value as the server's own text. */
export async function readMysqlTable(url: string, table: string): Promise<TableTexts> {
  const connection = mysql.createConnection({
    uri: url,
    charset: "utf8mb4_general_ci",
    rowsAsArray: true,
    typeCast: (field) => field.string("utf8"),
  });
  await asked(connection, "SET sql_mode = ''");
  const relation = table
    .split(".")
    .map((part) => `\`${part}\``)
    .join(".");
  const columns = await asked(connection, `SELECT * FROM ${relation} LIMIT 0`);
  return { columns, rows: rowsOf(connection, `SELECT * FROM ${relation}`) };
}

/** Names of the columns of a statement's result. */
function asked(connection: mysql.Connection, sql: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error, _rows, fields) => {
      if (error === null) resolve((fields ?? []).map(({ name }) => name));
      else reject(error);
    });
  });
}

async function* rowsOf(connection: mysql.Connection, sql: string): AsyncGenerator<Row> {
  try {
    for await (const row of connection.query(sql).stream({ highWaterMark: 500 })) yield textsOf(row);
  } finally {
    connection.destroy();
  }
}

function textsOf(row: unknown): Row {
  if (!Array.isArray(row)) throw new TypeError("no row");
  return row.map((value: unknown) => (typeof value === "string" ? value : null));
}

/**
 * A process of its own on the log in PostgreSQL: `send <url> <topic> <name> <count>` writes one message after the other
 * into partition 0; `consume <url> <topic> <session ms>` joins the group named like the topic and prints each partition
 * it is given.
 */
import { openBroker } from "../../pipeline/broker/open-broker.ts";
import { optionsFor, Recorder } from "./broker-recorder.ts";

const [command, url = "", topic = "", third = "", fourth = ""] = process.argv.slice(2);
const broker = await openBroker("postgres", optionsFor([url]));
if (command === "send") {
  for (let at = 0; at < Number(fourth); at++) {
    const headers = { sender: third, number: String(at) };
    await broker.send([{ topic, partition: 0, headers, value: Buffer.alloc(200) }]);
  }
  await broker.close();
} else {
  const recorder = new Recorder();
  const { position, ...options } = recorder.options(topic, [topic], { sessionTimeoutMs: Number(third) });
  await broker.consume({
    ...options,
    position: async (name, partition) => {
      process.stdout.write(`has ${partition}\n`);
      return await position(name, partition);
    },
  });
}

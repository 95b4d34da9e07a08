// Makes acme.wasm of provider.js and provider.toml.

import { readFile, writeFile } from "node:fs/promises";
import { componentize } from "@bytecodealliance/componentize-js";

const here = (path) => new URL(path, import.meta.url).pathname;

const { component } = await componentize({
  sourcePath: here("provider.js"),
  witPath: here("../../../wit"),
  worldName: "provider-world",
  // A provider is lent the contract, and nothing of WASI.
  disableFeatures: ["stdio", "random", "clocks", "http", "fetch-event"],
});

// The manifest goes behind the code, in a custom section of its own.
const leb = (number) => (number > 127 ? [(number & 127) | 128, ...leb(number >> 7)] : [number]);
const name = new TextEncoder().encode("jeton:manifest");
const content = [...leb(name.length), ...name, ...(await readFile(here("provider.toml")))];
await writeFile(here("acme.wasm"), new Uint8Array([...component, 0, ...leb(content.length), ...content]));

// Verifies a proof file in the browser: that what the page shows is the entry it is said to be, in the
// tree whose root a checkpoint names, and that the log whose key is given signed the checkpoint.
//
// Formats: the proof file as src/smki/repository/proving.py writes it, leaves as src/smki/merkle/leaf.py
// does, C2SP signed-note and tlog-checkpoint, RFC 6962. Trusts nothing of the server but this script; for less, verify by command.
"use strict";

(() => {
  const utf8 = new TextEncoder();
  const section = document.getElementById("proof");
  const verdict = document.getElementById("verdict");
  const button = document.getElementById("verify");
  const { noun } = section.dataset;
  const VERSION = 1;
  const DIGEST = 1; // forms of a leaf, beside the body itself: its digest, a salted commitment to it
  const COMMITMENT = 2;
  const CERTIFICATE = 1; // types of a leaf
  const DECISION = 6;
  const FRAMED = [4, 12]; // the body begins with the length of its metadata, and those
  const JSONS = [5, 6, 9, 10, 11];
  const HEADER = 11; // octets of the leaf before its body
  const CERTIFICATE_HEADER = 53; // before the certificate's DER

  class Wrong extends Error {}

  const joined = (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };

  const sha256 = async (...parts) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));

  const equal = (one, other) =>
    one.length === other.length && one.every((octet, at) => octet === other[at]);

  const hex = (octets) => Array.from(octets, (one) => one.toString(16).padStart(2, "0")).join("");

  const unbase64 = (text, what) => {
    let octets;
    try {
      octets = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    } catch {
      throw new Wrong(`${what} is not base64`);
    }
    if (btoa(String.fromCharCode(...octets)) !== text) {
      throw new Wrong(`${what} is base64 with stray bits`);
    }
    return octets;
  };

  const whole = (text, what) => {
    const number = Number(text);
    if (!/^(0|[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(number)) {
      throw new Wrong(`${what} is ${text.slice(0, 30)}, must be a number`);
    }
    return number;
  };

  // The tree as it grows: the roots of its largest full subtrees, [leaves, hash], left to right.
  const appended = async (peaks, leaves, hash) => {
    let size = leaves;
    let root = hash;
    while (peaks.length && peaks[peaks.length - 1][0] === size) {
      root = await sha256([1], peaks.pop()[1], root);
      size *= 2;
    }
    peaks.push([size, root]);
  };

  const rootOf = async (peaks) => {
    let root = peaks[peaks.length - 1][1];
    for (let at = peaks.length - 2; at >= 0; at -= 1) {
      root = await sha256([1], peaks[at][1], root);
    }
    return root;
  };

  // The fewest full subtrees that tile the leaves from start to stop, as numbers of leaves.
  const cover = (start, stop) => {
    const sizes = [];
    for (let at = start; at < stop; at += sizes[sizes.length - 1]) {
      let size = 1;
      while (size * 2 <= stop - at && at % (size * 2) === 0) {
        size *= 2;
      }
      sizes.push(size);
    }
    return sizes;
  };

  const readProof = (text) => {
    const lines = text.split("\n");
    if (lines.pop() !== "") {
      throw new Wrong("the proof file does not end with a line end");
    }
    let at = 0;
    const take = () => {
      if (at >= lines.length) {
        throw new Wrong("the proof file ends early");
      }
      return lines[at++];
    };
    const after = (word) => {
      const line = take();
      if (!line.startsWith(`${word} `)) {
        throw new Wrong(`line ${at} of the proof file, must begin with ${word}`);
      }
      return line.slice(word.length + 1);
    };
    if (take() !== "smki-proof 1" || whole(after("entries"), "entries") !== 1) {
      throw new Wrong("this is not a proof file for one entry");
    }
    const note = Array.from({ length: whole(after("checkpoint"), "lines") }, take);
    const steps = [];
    for (let line = take(); line !== "end"; line = take()) {
      const [word, ...rest] = line.split(" ");
      steps.push([word, ...rest]);
    }
    if (at !== lines.length) {
      throw new Wrong("the proof file goes on after its end");
    }
    return { note, steps };
  };

  const readKey = async (text) => {
    const parts = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim());
    if (!parts) {
      throw new Wrong("the log’s public key is not of the form name+hash+base64");
    }
    const key = unbase64(parts[3], "the log’s public key");
    if (key[0] !== 1 || key.length !== 33) {
      throw new Wrong("the log’s public key is not one of Ed25519");
    }
    const id = (await sha256(utf8.encode(`${parts[1]}\n`), key)).slice(0, 4);
    if (hex(id) !== parts[2]) {
      throw new Wrong("the log’s public key and its hash do not belong together");
    }
    return { name: parts[1], id, octets: key.slice(1) };
  };

  // The size and root of a checkpoint that the key signed.
  const readCheckpoint = async (note, key) => {
    const gap = note.indexOf("");
    if (gap < 3 || note[0] !== key.name) {
      throw new Wrong(`the checkpoint is of ${note[0]}, the key of ${key.name}`);
    }
    const text = utf8.encode(`${note.slice(0, gap).join("\n")}\n`);
    const verifier = await crypto.subtle.importKey("raw", key.octets, "Ed25519", false, ["verify"]);
    for (const line of note.slice(gap + 1)) {
      const [dash, name, encoded] = line.split(" ");
      if (dash === "\u2014" && name === key.name) {
        const signature = unbase64(encoded, "a signature");
        if (
          equal(signature.slice(0, 4), key.id) &&
          (await crypto.subtle.verify("Ed25519", verifier, signature.slice(4), text))
        ) {
          return { size: whole(note[1], "the size of the log"), root: unbase64(note[2], "the root") };
        }
      }
    }
    throw new Wrong("the checkpoint is not signed with this key");
  };

  const big = (value) => {
    const octets = new Uint8Array(8);
    new DataView(octets.buffer).setBigUint64(0, BigInt(value));
    return octets;
  };

  // What the leaf holds is what the page shows; of a commitment there is nothing to compare.
  const match = async (leaf, shown, type) => {
    const [version, found, form] = leaf;
    const body = leaf.slice(found === CERTIFICATE ? CERTIFICATE_HEADER : HEADER);
    if (shown !== null) {
      const whole = form === DIGEST ? joined(await sha256(shown), big(shown.length)) : shown;
      if (!equal(body, whole)) {
        throw new Wrong(`the proof is for another ${noun} than the one shown`);
      }
    }
    if (version !== VERSION || found !== type || (shown === null) !== (form === COMMITMENT)) {
      throw new Wrong(`the entry is not a ${noun}`);
    }
  };

  const verify = async (proof, body, entry, vkey) => {
    const { note, steps } = readProof(proof);
    const head = await readCheckpoint(note, await readKey(vkey));
    if (entry >= head.size) {
      throw new Wrong(`the checkpoint covers ${head.size} entries, not entry ${entry}`);
    }
    const before = cover(0, entry).map((leaves) => ["hash", leaves]);
    const behind = cover(entry + 1, head.size).map((leaves) => ["hash", leaves]);
    const wanted = [...before, ["leaf", 1], ...behind];
    if (steps.length !== wanted.length) {
      throw new Wrong(`the proof has ${steps.length} steps, must have ${wanted.length}`);
    }
    const peaks = [];
    for (const [place, [word, leaves]] of wanted.entries()) {
      const [found, ...rest] = steps[place];
      if (found !== word) {
        throw new Wrong(`step ${place + 1} of the proof is ${found}, must be ${word}`);
      }
      if (word === "hash") {
        await appended(peaks, leaves, unbase64(rest[0], "a hash"));
        continue;
      }
      const leaf = unbase64(rest[1], "the entry");
      if (whole(rest[0], "the entry") !== entry) {
        throw new Wrong(`the proof is for entry ${rest[0]}, must be for entry ${entry}`);
      }
      await match(leaf, body, Number(section.dataset.type));
      await appended(peaks, 1, await sha256([0], leaf));
    }
    const root = await rootOf(peaks);
    if (!equal(root, head.root)) {
      throw new Wrong(`the proof leads to the root ${hex(root)}, the log signed ${hex(head.root)}`);
    }
    return head;
  };

  // What the entry says for itself, read from what was verified; values as JSON.
  const told = async (body, type) => {
    if (body === null) {
      return ["The record holds a commitment; the content is kept apart."];
    }
    const framed = FRAMED.includes(type);
    if (!framed && !JSONS.includes(type)) {
      return [`SHA-256 of the ${noun}: ${hex(await sha256(body))}`];
    }
    const length = framed ? body[0] * 256 + body[1] : body.length;
    const said = JSON.parse(new TextDecoder().decode(framed ? body.slice(2, 2 + length) : body));
    const lines = Object.entries(type === DECISION ? said.decision : said)
      .filter(([name]) => name !== "signature")
      .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
    if (framed) {
      lines.push(`SHA-256 of the content, computed here: ${hex(await sha256(body.slice(2 + length)))}`);
    }
    return [`The ${noun} says, as it was verified:`, ...lines];
  };

  const say = (kind, heading, ...lines) => {
    const box = document.createElement("div");
    box.className = `verdict ${kind}`;
    for (const [place, line] of [heading, ...lines].entries()) {
      const paragraph = document.createElement("p");
      const text = document.createElement(place ? "span" : "strong");
      text.textContent = line;
      paragraph.append(text);
      box.append(paragraph);
    }
    verdict.replaceChildren(box);
  };

  const fetched = async (address) => {
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok) {
      throw new Error(`the server answered ${answer.status}`);
    }
    return answer;
  };

  button.addEventListener("click", async () => {
    say("", "Verifying …");
    try {
      const proof = await (await fetched(section.dataset.proof)).text();
      const address = section.dataset.body;
      const body = address ? new Uint8Array(await (await fetched(address)).arrayBuffer()) : null;
      const entry = Number(section.dataset.entry);
      const head = await verify(proof, body, entry, document.getElementById("vkey").value);
      say(
        "good",
        `Verified: this ${noun} is in the record.`,
        `It is entry ${entry} of the ${head.size} that the log signed for.`,
        "Computed in this browser: the signature of the checkpoint, and the path from the entry to its root.",
        `Root: ${hex(head.root)}`,
        ...(await told(body, Number(section.dataset.type))),
      );
    } catch (error) {
      if (error instanceof Wrong) {
        say("bad", "Not verified.", `${error.message}. Keep the proof file and ask the operator.`);
      } else {
        say("", "This browser could not verify it.", `${error.message}. Verify by command.`);
      }
    }
  });
  document.getElementById("verify-place").hidden = false;
})();

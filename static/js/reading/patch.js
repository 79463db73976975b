// A patch as it comes from the server: seven frames of 64 x 64 little-endian 16-bit integers.

export const SIDE = 64;
export const N_PIXELS = SIDE * SIDE;
export const FRAMES = ["T2", "T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4", "Sub"];
export const DYNAMIC = ["T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4"];
export const N_BYTES = FRAMES.length * N_PIXELS * 2;

const LATER_SUBTRACTIONS = { Sub2: "T1_post2", Sub3: "T1_post3", Sub4: "T1_post4" };

// Frames by name, each an Int16Array of 4096, with the subtractions of the later post-contrast frames.
export function decode(buffer) {
  if (buffer.byteLength !== N_BYTES) {
    throw new RangeError(`A panel has ${buffer.byteLength} bytes; it must have ${N_BYTES}.`);
  }
  const bytes = new DataView(buffer);
  const patch = {};
  FRAMES.forEach((name, number) => {
    const frame = new Int16Array(N_PIXELS);
    for (let i = 0; i < N_PIXELS; i++) frame[i] = bytes.getInt16((number * N_PIXELS + i) * 2, true);
    patch[name] = frame;
  });
  for (const [name, post] of Object.entries(LATER_SUBTRACTIONS)) {
    patch[name] = patch[post].map((value, i) => value - patch.T1_pre[i]);
  }
  return patch;
}

export async function load(address) {
  const response = await fetch(address, { cache: "no-store", credentials: "same-origin" });
  if (!response.ok) throw new Error(`The panel was answered with status ${response.status}.`);
  return decode(await response.arrayBuffer());
}

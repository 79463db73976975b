// A patch as it comes from the server: its frames one after the other, little-endian 16-bit integers.

// Frames by name, each an Int16Array, with the later subtractions that the layout shows.
export function decode(buffer, frameSet) {
  const { names, nPixels, nBytes, later } = frameSet;
  if (buffer.byteLength !== nBytes) {
    throw new RangeError(`A panel has ${buffer.byteLength} bytes; it must have ${nBytes}.`);
  }
  const bytes = new DataView(buffer);
  const patch = {};
  names.forEach((name, number) => {
    const frame = new Int16Array(nPixels);
    for (let i = 0; i < nPixels; i++) frame[i] = bytes.getInt16((number * nPixels + i) * 2, true);
    patch[name] = frame;
  });
  for (const [name, [minuend, subtrahend]] of Object.entries(later)) {
    patch[name] = patch[minuend].map((value, i) => value - patch[subtrahend][i]);
  }
  return patch;
}

export async function load(address, frameSet) {
  const response = await fetch(address, { cache: "no-store", credentials: "same-origin" });
  if (!response.ok) throw new Error(`The panel was answered with status ${response.status}.`);
  return decode(await response.arrayBuffer(), frameSet);
}

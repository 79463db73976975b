// Enlarging a frame: every pixel a square (nearest), or smooth (bicubic, the Catmull-Rom spline, rows and columns apart).
// The same arithmetic for every panel, and the same as in the picture that the server draws.

const SHARPNESS = -0.5; // of the cubic: Keys 1981, the value that reproduces parabolas; also known as Catmull-Rom
const REACH = 2; // pixels to either side

export function cubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return ((SHARPNESS + 2) * x - (SHARPNESS + 3)) * x * x + 1;
  if (x < REACH) return SHARPNESS * (((x - 5) * x + 8) * x - 4);
  return 0;
}

// For each of n pixels on the screen: the pixels of the patch it takes its grey from, and how much of each.
// The first screen pixel begins at `origin` in the patch, `scale` screen pixels show one pixel of the patch, and the
// patch has `size` pixels in this direction.
export function taps(n, { size, origin = 0, scale, method }) {
  const nTaps = method === "nearest" ? 1 : 2 * REACH;
  const indices = new Uint16Array(n * nTaps);
  const weights = new Float64Array(n * nTaps);
  for (let i = 0; i < n; i++) {
    const centre = origin + (i + 0.5) / scale;
    const first = nTaps === 1 ? Math.floor(centre) : Math.floor(centre - REACH + 0.5);
    let sum = 0;
    for (let tap = 0; tap < nTaps; tap++) {
      const index = first + tap;
      const weight = nTaps === 1 ? 1 : index < 0 || index >= size ? 0 : cubic(index + 0.5 - centre);
      indices[i * nTaps + tap] = Math.min(Math.max(index, 0), size - 1);
      weights[i * nTaps + tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < nTaps; tap++) weights[i * nTaps + tap] /= sum;
  }
  return { n, nTaps, size, indices, weights };
}

// Write across.n x down.n values of a frame into `out`.
export function enlarge(frame, across, down, out) {
  if (across.nTaps === 1) return nearest(frame, across, down, out);
  const rows = new Float32Array(down.size * across.n);
  const { indices: index, weights: weight } = across;
  for (let y = 0; y < down.size; y++) {
    const line = y * across.size;
    for (let i = 0; i < across.n; i++) {
      const at = i * 4;
      rows[y * across.n + i] =
        frame[line + index[at]] * weight[at] +
        frame[line + index[at + 1]] * weight[at + 1] +
        frame[line + index[at + 2]] * weight[at + 2] +
        frame[line + index[at + 3]] * weight[at + 3];
    }
  }
  for (let j = 0; j < down.n; j++) {
    const [a, b, c, d] = [0, 1, 2, 3].map((tap) => down.indices[j * 4 + tap] * across.n);
    const [p, q, r, s] = [0, 1, 2, 3].map((tap) => down.weights[j * 4 + tap]);
    for (let i = 0; i < across.n; i++) {
      out[j * across.n + i] = rows[a + i] * p + rows[b + i] * q + rows[c + i] * r + rows[d + i] * s;
    }
  }
  return out;
}

function nearest(frame, across, down, out) {
  for (let j = 0; j < down.n; j++) {
    const line = down.indices[j] * across.size;
    for (let i = 0; i < across.n; i++) out[j * across.n + i] = frame[line + across.indices[i]];
  }
  return out;
}

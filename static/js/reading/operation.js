// What is asked of the server, ready for the queue: each with a key of its own, so that asking twice is asking once.

// 128 random bits; crypto.randomUUID is there only for https and for this machine.
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// An answer to a trial: `answer` is "" for a panel that was only looked at, or where time was up.
export function answered({ token }, { answer = "", isTimeout = false, confidence = null, comment = "", look, viewer }) {
  return {
    asked: "answers",
    body: {
      key: newKey(),
      token,
      answer,
      is_timeout: isTimeout,
      confidence,
      comment,
      rt_ms: Math.round(look.seen),
      hidden_ms: Math.round(look.away),
      n_hidden: look.nAway,
      viewer,
    },
  };
}

export function seen({ token }) {
  return { asked: "seen", body: { key: newKey(), token } };
}

export function takenBack({ token }) {
  return { asked: "undo", body: { key: newKey(), token } };
}

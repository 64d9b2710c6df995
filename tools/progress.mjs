// One line that says what is being done: rewritten in place on a terminal, with the seconds it takes; written once per
// step elsewhere. Everything goes to stderr, so that stdout stays the program's own.

/**
 * @param {boolean} [quiet] nothing is shown
 * @returns {{ show(text: string): void, done(text?: string): void }}
 */
export function progress(quiet = false) {
  const stream = process.stderr;
  const startedAt = Date.now();
  let timer;
  let text = '';
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1);
  const draw = () => stream.write(`\r\x1b[K${text} … ${seconds()} s`);
  return {
    show(next) {
      if (quiet) return;
      text = next;
      if (!stream.isTTY) {
        stream.write(`${text}\n`);
        return;
      }
      draw();
      timer ??= setInterval(draw, 100);
      timer.unref();
    },
    done(last) {
      clearInterval(timer);
      if (quiet) return;
      if (stream.isTTY) stream.write('\r\x1b[K');
      if (last) stream.write(`${last} in ${seconds()} s\n`);
    },
  };
}

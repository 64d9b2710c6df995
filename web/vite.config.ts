/**
 * Builds the web UI into `dist/web`, which the server serves at `/`. Addresses are relative (`base: './'`) and routes live in
 * the hash, so the same files work behind a proxy under any path. `npm run dev` proxies to a running server.
 */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = process.env.STORMTAIL_URL ?? 'http://127.0.0.1:9101';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // The server compresses and measures for itself.
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': server, '/auth': server, '/stream': server } },
});

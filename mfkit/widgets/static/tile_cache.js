// Thumbnails that the browser keeps. The least recently used ones are freed, so that memory does not grow.

class TileCache {
  constructor(limit) { this.limit = limit; this.entries = new Map(); }

  get(id) {
    const entry = this.entries.get(id);
    if (entry) { this.entries.delete(id); this.entries.set(id, entry); }
    return entry;
  }

  // bytes: a JPEG; empty if there is no thumbnail, and error says why.
  set(id, bytes, error) {
    this.remove(id);
    const url = bytes?.byteLength ? URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })) : "";
    this.entries.set(id, { url, error });
    for (const old of this.entries.keys()) {
      if (this.entries.size <= this.limit) break;
      this.remove(old);
    }
  }

  remove(id) {
    const url = this.entries.get(id)?.url;
    if (url) URL.revokeObjectURL(url);
    this.entries.delete(id);
  }

  clear() { for (const id of [...this.entries.keys()]) this.remove(id); }
}

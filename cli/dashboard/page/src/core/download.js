// Gives somebody a file that was made here.

export function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[^\w.-]+/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// A cell that begins like a formula would be one in a spreadsheet.
function cell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "number" ? String(value) : /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvOf(head, rows) {
  const lines = [head, ...rows].map((row) => row.map(cell).join(","));
  return new Blob([lines.join("\r\n"), "\r\n"], { type: "text/csv" });
}

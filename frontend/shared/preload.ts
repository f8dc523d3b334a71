/** Fetch side by side what this page imports late: each import would find its own imports only once it has come itself. */
export function preloadLater(): void {
  const later = document.querySelector<HTMLTemplateElement>("template[data-later]");
  if (later) document.head.append(later.content);
}

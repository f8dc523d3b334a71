"""What the assistant may do by itself while it talks: over MCP, or by webhook."""

// Where a provider sends the browser back to. It is registered there.

export const returnTo = `${location.origin}${location.pathname}`

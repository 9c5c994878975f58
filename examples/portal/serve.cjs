// Preloaded in production (node -r ./serve.cjs server.js) with NEXT_MANUAL_SIG_HANDLE=true.
//
// GET /version is answered here, before Next: what polls it costs next to nothing.
//
// On SIGTERM: keep answering for DRAIN_DELAY_MS, tell keep-alive clients to go away, finish what
// is in flight, and leave with status 0.
const http = require('node:http')
const delay = Number(process.env.DRAIN_DELAY_MS ?? 0)
const limit = Number(process.env.DRAIN_LIMIT_MS ?? 8000)
const version = JSON.stringify({ release: process.env.RELEASE_ID })
const servers = new Set()
let draining = false

const { listen } = http.Server.prototype
http.Server.prototype.listen = function (...args) {
  servers.add(this)
  const { emit } = this
  this.emit = function (event, request, response, ...rest) {
    if (event !== 'request') return emit.call(this, event, request, response, ...rest)
    if (draining) response.setHeader('connection', 'close')
    if (request.url === '/version') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(version)
      return true
    }
    return emit.call(this, event, request, response, ...rest)
  }
  return listen.apply(this, args)
}

process.on('SIGTERM', () => {
  if (draining) return
  draining = true
  setTimeout(() => {
    let open = servers.size
    for (const server of servers) server.close(() => { if (--open === 0) process.exit(0) })
    if (!open) process.exit(0)
  }, delay)
  setTimeout(() => { console.error('drain limit reached'); process.exit(1) }, limit + delay).unref()
})

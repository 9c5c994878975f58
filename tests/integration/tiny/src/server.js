// The smallest app that keeps the contract: a health path that tells the release.
const http = require('node:http')
const server = http.createServer((request, response) => {
  const answer = { status: 'ok', release: process.env.RELEASE_ID, marker: 'tiny-1' }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
})
server.listen(process.env.PORT)
process.on('SIGTERM', () => server.close(() => process.exit(0)))

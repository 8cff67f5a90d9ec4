/** The style of the reference page. Fonts of the reader's machine, light or dark as he has it. */
export const referenceStyle = `
:root{color-scheme:light dark;--line:#d5d9de;--soft:#5c6670;--back:#fff;--text:#1c2126;--mark:#f4f6f8;--link:#0b5fa5}
@media (prefers-color-scheme:dark){:root{--line:#333b44;--soft:#9aa5b1;--back:#14181c;--text:#e4e8ec;--mark:#1d2329;--link:#7db8ec}}
*{box-sizing:border-box}
body{margin:0;display:flex;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
nav{position:sticky;top:0;height:100vh;overflow:auto;flex:0 0 19rem;padding:1rem 1.25rem;border-right:1px solid var(--line);font-size:.875rem}
nav h1{font-size:1.1rem}nav h2{font-size:.75rem;text-transform:uppercase;letter-spacing:.05em;color:var(--soft);margin:1.25rem 0 .25rem}
nav ul{list-style:none;margin:0;padding:0}nav li{padding:.15rem 0}
main{flex:1;min-width:0;max-width:60rem;padding:1.5rem 2.5rem 6rem}
main h2{margin-top:3rem;padding-bottom:.25rem;border-bottom:1px solid var(--line)}
article{margin:2.5rem 0}h3{margin-bottom:.25rem;font-size:1.1rem}h4{margin:1rem 0 .25rem;font-size:.8rem;text-transform:uppercase;letter-spacing:.05em;color:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:.9rem}td{padding:.3rem .75rem .3rem 0;border-top:1px solid var(--line);vertical-align:top}
td:last-child{overflow-wrap:anywhere}
td:first-child{white-space:nowrap}
code,pre{font:.875em/1.5 ui-monospace,Menlo,Consolas,monospace}pre{overflow:auto;padding:.75rem 1rem;background:var(--mark);border-radius:6px}
small,.facts{color:var(--soft)}b{font:700 .75rem ui-monospace,monospace}
.get{color:#1a7f52}.post{color:#0b5fa5}.delete{color:#b3372c}.put,.patch{color:#9a6700}
@media (max-width:50rem){body{display:block}nav{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line)}main{padding:1rem 1.25rem}}
`

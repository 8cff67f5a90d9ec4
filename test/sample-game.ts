// Imported first where a test is about the sample game: whichever game the suite runs with, `#game` is that one.
delete process.env['WAYSTONE_GAME']

package q

const a = `SELECT email FROM users u WHERE u.id = $1 OR u.id = $2`
const b = "SELECT email FROM users u " +
	"WHERE u.id = 1 " +
	"OR u.id = 2"

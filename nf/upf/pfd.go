package upf

// application is the filters of an application's PFDs, nil if it has none.
func (u *UPF) application(name string) []Filter {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.applications[name]
}

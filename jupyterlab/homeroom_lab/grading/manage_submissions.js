
/* Homeroom: a button that grades all submissions, and how far that is. */
(function () {
    var address = base_url + "/formgrader/api/assignment/" + assignment_id + "/autograde";
    var button = $("<button/>").addClass("btn btn-primary").attr("id", "autograde-all").text("Autograde all");
    var said = $("<span/>").attr("role", "status").css("margin-left", "1em");
    var list = $("<ul/>").css("margin-top", "0.5em");
    var was_going = false;

    function line(student, why) {
        return $("<li/>").append($("<b/>").text(student)).append(document.createTextNode(": " + why));
    }

    function show(told) {
        button.prop("disabled", told.going);
        list.empty();
        if (told.total === undefined) {
            said.text(told.going ? "Starting." : "");
        } else {
            var failed = Object.keys(told.failed).length;
            said.text((told.done + failed) + " of " + told.total + (told.going ? " graded." : " graded. It has ended."));
            $.each(told.marked, function (student, why) { list.append(line(student, "Please look at it. " + why)); });
            $.each(told.failed, function (student, why) { list.append(line(student, why)); });
        }
        if (!told.going && told.ended_with && !told.ended_with.success && was_going) {
            createLogModal("error-modal", "Error", "Not everything could be graded:", told.ended_with.log, told.ended_with.error);
        }
        if (was_going && !told.going) {
            loadSubmissions();
        }
        was_going = told.going;
        if (told.going) {
            window.setTimeout(look, 1000);
        }
    }

    function look() {
        // The hub takes no cookie from a script without this header, also where it only looks.
        $.ajax({url: address, dataType: "json", headers: {"X-CSRFToken": getCookie("_xsrf")}}).done(show).fail(function () { window.setTimeout(look, 5000); });
    }

    $(window).on("load", function () {
        button.click(function () {
            was_going = true;
            button.prop("disabled", true);
            said.text("Starting.");
            $.post(address).done(function (told) { show(JSON.parse(told)); }).fail(function () {
                button.prop("disabled", false);
                said.text("It could not be started.");
            });
        });
        $("#main-table").closest("table").before($("<div/>").css("margin-bottom", "1em").append(button, said, list));
        look();
    });
})();
